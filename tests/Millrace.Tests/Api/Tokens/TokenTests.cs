using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Keys;
using Millrace.Api.Tokens;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Tokens;

/// <summary>Tokens of a real issuer.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private readonly TokenIssuer _issuer = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private TokenValidator _validator = null!;

    public async ValueTask InitializeAsync()
    {
        await _issuer.StartAsync();
        _validator = Validator();
    }

    public ValueTask DisposeAsync()
    {
        _validator.Dispose();
        return _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_token_opens_for_its_tenant_with_its_scopes_and_roles()
    {
        var caller = await ValidateAsync(await _issuer.TokenAsync("acme", "openid orders:refund viewer system:operate", subject: "ada"));
        Assert.Equal(("acme", "oidc:ada", Scopes.OrdersRefund | Scopes.OrdersRead | Scopes.StockRead | Scopes.EventsRead), (caller!.Tenant.Value, caller.Actor.Name, caller.Scopes));
        // Words that we do not know give nothing.
        Assert.Equal(Scopes.None, (await ValidateAsync(await _issuer.TokenAsync("acme", "everything")))!.Scopes);
    }

    [Fact]
    public async Task A_token_for_others_of_nobody_or_of_no_tenant_is_refused()
    {
        Assert.Null(await ValidateAsync(await _issuer.TokenAsync("acme", "admin", audience: "another-service")));
        Assert.Null(await ValidateAsync(await _issuer.TokenAsync(null, "admin")));
        Assert.Null(await ValidateAsync(await _issuer.TokenAsync("Not A Tenant", "admin")));
    }

    [Fact]
    public async Task A_token_ends_a_minute_after_its_time_also_where_it_was_seen_before()
    {
        var header = "Bearer " + await _issuer.TokenAsync("acme", "viewer", seconds: 30);
        Assert.NotNull(await _validator.ValidateAsync(header, CancellationToken.None));
        Assert.NotNull(_validator.FindKnown(header));
        _time.Advance(TimeSpan.FromSeconds(85));
        Assert.NotNull(await _validator.ValidateAsync(header, CancellationToken.None));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(_validator.FindKnown(header));
        Assert.Null(await _validator.ValidateAsync(header, CancellationToken.None));
    }

    [Fact]
    public async Task No_changed_byte_no_other_algorithm_and_no_other_issuers_key_passes()
    {
        var parts = (await _issuer.TokenAsync("acme", "viewer")).Split('.');
        var claims = Encoding.UTF8.GetString(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.DecodeBytes(parts[1])).Replace("viewer", "admin", StringComparison.Ordinal);
        var forged = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(claims);
        Assert.Null(await ValidateAsync($"{parts[0]}.{forged}.{parts[2]}"));
        var none = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""");
        Assert.Null(await ValidateAsync($"{none}.{forged}."));
        Assert.Null(await ValidateAsync($"{none}.{forged}.{parts[2]}"));

        await using var other = new TokenIssuer();
        await other.StartAsync();
        Assert.Null(await ValidateAsync(await other.TokenAsync("acme", "admin")));
        foreach (var wrong in new[] { "", "x", "a.b.c", "...", new string('x', 10_000) })
            Assert.Null(await ValidateAsync(wrong));
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_learned_with_the_first_token_that_names_it_and_the_old_one_ends()
    {
        var old = await _issuer.TokenAsync("acme", "viewer");
        Assert.NotNull(await ValidateAsync(old));
        await _issuer.StopAsync();
        await _issuer.StartAsync();
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.NotNull(await ValidateAsync(await _issuer.TokenAsync("acme", "viewer")));
        Assert.Null(await ValidateAsync(old));
    }

    [Fact]
    public async Task A_key_that_the_issuer_has_withdrawn_ends_within_a_minute_though_nobody_comes_with_another()
    {
        var old = await _issuer.TokenAsync("acme", "viewer");
        Assert.NotNull(await ValidateAsync(old));
        await _issuer.StopAsync();
        await _issuer.StartAsync();
        Assert.NotNull(await ValidateAsync(old));
        _time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.Async(async () => await ValidateAsync(old) is null, "the keys are read again");
    }

    [Fact]
    public async Task While_the_issuer_is_away_its_known_keys_hold_and_one_never_reached_is_no_reason_to_refuse_for_good()
    {
        var token = await _issuer.TokenAsync("acme", "viewer");
        Assert.NotNull(await ValidateAsync(token));
        await _issuer.StopAsync();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.NotNull(await ValidateAsync(token));

        using var fresh = Validator();
        await Assert.ThrowsAsync<IssuerUnavailableException>(async () => await fresh.ValidateAsync("Bearer " + token, CancellationToken.None));
        await _issuer.StartAsync();
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.NotNull(await fresh.ValidateAsync("Bearer " + await _issuer.TokenAsync("acme", "viewer"), CancellationToken.None));
    }

    [Fact]
    public async Task Nobody_who_leaves_takes_the_keys_from_those_who_wait_and_a_silent_issuer_holds_nobody_up_whose_key_is_known()
    {
        var known = await _issuer.TokenAsync("acme", "viewer");
        Assert.NotNull(await ValidateAsync(known));
        await _issuer.StopAsync();
        await _issuer.StartAsync();
        _time.Advance(TimeSpan.FromSeconds(6));
        var unknown = "Bearer " + await _issuer.TokenAsync("acme", "viewer");
        using var left = new CancellationTokenSource();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _validator.ValidateAsync(unknown, left.Token));
        // The reading that he began goes on, for all.
        Assert.NotNull(await _validator.ValidateAsync(unknown, CancellationToken.None));

        await _issuer.StopAsync();
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, _issuer.Url.Port);
        silent.Start();
        using var keys = new SigningKeys(new TokenOptions(_issuer.Url, TokenIssuer.Audience), _time);
        var first = keys.GetAsync(false, CancellationToken.None).AsTask();
        var second = keys.GetAsync(false, CancellationToken.None).AsTask();
        using var asked = await silent.AcceptTcpClientAsync();
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((null, null), (await first, await second));
    }

    [Fact]
    public async Task A_token_without_an_end_in_sight_passes_as_one_that_ends() =>
        Assert.NotNull(await ValidateAsync(await _issuer.TokenAsync("acme", "viewer", seconds: int.MaxValue)));

    private ValueTask<Caller?> ValidateAsync(string token) => _validator.ValidateAsync("Bearer " + token, CancellationToken.None);

    private TokenValidator Validator() => new(new TokenOptions(_issuer.Url, TokenIssuer.Audience), _time, NullLogger<TokenValidator>.Instance);
}
