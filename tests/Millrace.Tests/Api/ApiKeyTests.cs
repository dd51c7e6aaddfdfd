using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Keys;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class ApiKeyTests : IDisposable
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly Actor Ada = new(ActorKind.Operator, "ada");
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<IDisposable> _open = [];

    public void Dispose()
    {
        foreach (var open in Enumerable.Reverse(_open))
            open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_key_opens_for_its_tenant_with_its_scopes()
    {
        var keys = Process().Keys;
        var (text, key) = await MakeAsync(keys, scopes: Scopes.OrdersWrite | Scopes.OrdersRead);
        var caller = keys.FindKnown("Bearer " + text)!.Caller;
        Assert.Equal((Tenant, key.Id), (caller.Tenant, caller.Actor.Name));
        Assert.True(caller.Allows(Scopes.OrdersWrite));
        Assert.False(caller.Allows(Scopes.OrdersRefund));
    }

    [Fact]
    public async Task A_key_looks_like_one_and_its_text_is_stored_nowhere()
    {
        var (text, _) = await MakeAsync(Process().Keys);
        Assert.Matches("^mr_live_[0-9A-Za-z]{26}_[0-9A-Za-z]{6}$", text);
        var files = Directory.GetFiles(_folder.Path);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            Assert.DoesNotContain(text[8..34], await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task Any_one_changed_character_is_refused()
    {
        var keys = Process().Keys;
        var (text, _) = await MakeAsync(keys);
        for (var i = 0; i < text.Length; i++)
        {
            var other = text[i] == 'x' ? 'y' : 'x';
            Assert.Null(await FindAsync(keys, string.Concat(text.AsSpan(0, i), [other], text.AsSpan(i + 1))));
        }

        foreach (var wrong in new[] { "", text + "x", "mr_live_é" + text[9..] })
            Assert.Null(await FindAsync(keys, wrong));
        Assert.Null(keys.FindKnown("Basic " + text));
        Assert.NotNull(keys.FindKnown("bearer " + text));
    }

    [Fact]
    public async Task The_first_requests_of_a_new_key_come_together_and_none_is_sent_away()
    {
        var serving = Process().Keys;
        var elsewhere = Process().Keys;
        for (var round = 0; round < 20; round++)
        {
            var (text, _) = await MakeAsync(elsewhere, client: $"client-{round}");
            _time.Advance(TimeSpan.FromSeconds(2));
            var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await FindAsync(serving, text))));
            Assert.All(found, Assert.NotNull);
        }
    }

    [Fact]
    public async Task A_key_made_just_after_the_log_was_read_is_found_by_the_next_reading()
    {
        var server = Process();
        await server.Audit.RefreshAsync(CancellationToken.None);
        var (text, key) = await MakeAsync(Process().Keys);
        var found = FindAsync(server.Keys, text);
        var unknown = FindAsync(server.Keys, ApiKeyFormat.Create().Text);
        Assert.False(found.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(key.Id, (await found)!.Id);
        Assert.Null(await unknown);
    }

    [Fact]
    public async Task An_expired_key_is_refused()
    {
        var keys = Process().Keys;
        var (text, _) = await MakeAsync(keys, expiresAt: _time.GetUtcNow().AddHours(1));
        var header = "Bearer " + text;
        Assert.NotNull(keys.FindKnown(header));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(keys.FindKnown(header));
        Assert.Null(await FindAsync(keys, text));
    }

    [Fact]
    public async Task A_server_sees_keys_made_and_revoked_by_another_process()
    {
        var server = Process();
        var cli = Process().Keys;
        var (text, key) = await MakeAsync(cli);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(key.Id, (await FindAsync(server.Keys, text))!.Id);
        Assert.True(await cli.RevokeAsync(key.Id, Tenant, Ada, CancellationToken.None));
        Assert.False(await cli.RevokeAsync(key.Id, Tenant, Ada, CancellationToken.None));
        await server.Audit.RefreshAsync(CancellationToken.None);
        Assert.Null(await FindAsync(server.Keys, text));
    }

    [Fact]
    public async Task A_client_has_at_most_two_live_keys_also_when_two_processes_make_them_at_once()
    {
        var (here, there) = (Process().Keys, Process().Keys);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => CreateAsync(i % 2 == 0 ? here : there))));
        Assert.Equal((2, 6), (outcomes.Count(o => o is KeyOutcome.Made), outcomes.Count(o => o is KeyOutcome.TooMany)));
        await MakeAsync(here, client: "other");
        await here.RevokeAsync(outcomes.OfType<KeyOutcome.Made>().First().Key.Id, null, Ada, CancellationToken.None);
        await MakeAsync(there);
    }

    [Fact]
    public async Task A_rotated_key_is_accepted_until_the_overlap_ends()
    {
        var keys = Process().Keys;
        var (old, key) = await MakeAsync(keys, scopes: Scopes.OrdersRead, expiresAt: _time.GetUtcNow().AddDays(30));
        var rotated = Assert.IsType<KeyOutcome.Made>(await keys.RotateAsync(key.Id, Tenant, TimeSpan.FromHours(24), Ada, null, CancellationToken.None));
        Assert.Equal((Scopes.OrdersRead, key.Client, key.ExpiresAt), (rotated.Key.Scopes, rotated.Key.Client, rotated.Key.ExpiresAt));
        _time.Advance(TimeSpan.FromHours(23));
        Assert.NotNull(keys.FindKnown("Bearer " + old));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(keys.FindKnown("Bearer " + old));
        Assert.NotNull(keys.FindKnown("Bearer " + rotated.Text));
        // Another tenant's key is none, and an ended one cannot be prolonged by rotating it.
        Assert.IsType<KeyOutcome.NotFound>(await keys.RotateAsync(rotated.Key.Id, TenantId.Parse("other"), TimeSpan.Zero, Ada, null, CancellationToken.None));
        Assert.IsType<KeyOutcome.NotFound>(await keys.RotateAsync(key.Id, Tenant, TimeSpan.Zero, Ada, null, CancellationToken.None));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(300)]
    public async Task A_key_that_replaces_one_whose_end_another_brought_nearer_ends_when_that_one_would_have_by_itself(int? days)
    {
        var keys = Process().Keys;
        DateTimeOffset? end = days is { } left ? _time.GetUtcNow().AddDays(left) : null;
        var (_, key) = await MakeAsync(keys, expiresAt: end);
        var mistaken = await RotateAsync(keys, key.Id);
        Assert.True(await keys.RevokeAsync(mistaken.Key.Id, Tenant, Ada, CancellationToken.None));
        var (nearer, second) = (_time.GetUtcNow().AddDays(1), await RotateAsync(keys, key.Id));
        Assert.Equal(end, second.Key.ExpiresAt);
        // In this process and in every other, which has it from the log.
        var (audit, others) = Process();
        await audit.RefreshAsync(CancellationToken.None);
        foreach (var known in new[] { keys, others })
            Assert.Equal([nearer, end], new[] { key.Id, second.Key.Id }.Select(id => known.List().Single(one => one.Id == id).ExpiresAt));
        _time.Advance(TimeSpan.FromDays(2));
        Assert.NotNull(keys.FindKnown("Bearer " + second.Text));
    }

    [Fact]
    public async Task A_repeat_makes_no_second_key_also_after_a_restart()
    {
        var request = new AuditRequest("key", "payload");
        var made = Assert.IsType<KeyOutcome.Made>(await CreateAsync(Process().Keys, request));
        var keys = Process().Keys;
        Assert.Equal(made.Key.Id, Assert.IsType<KeyOutcome.MadeBefore>(await CreateAsync(keys, request)).Key.Id);
        Assert.IsType<KeyOutcome.OtherRequest>(await CreateAsync(keys, request with { Payload = "other" }));
        Assert.Single(keys.List());
    }

    [Fact]
    public async Task Uses_are_kept_and_never_go_back()
    {
        var (audit, keys) = Process();
        var (text, key) = await MakeAsync(keys);
        Assert.Empty(await keys.ReadUsesAsync(CancellationToken.None));
        keys.FindKnown("Bearer " + text);
        Assert.Equal(_time.GetUtcNow(), (await keys.ReadUsesAsync(CancellationToken.None))[key.Id]);
        var store = Open();
        await store.RecordKeyUsesAsync(new Dictionary<string, long> { [key.Id] = 5 }, CancellationToken.None);
        await store.RecordKeyUsesAsync(new Dictionary<string, long> { [key.Id] = 3 }, CancellationToken.None);
        Assert.Equal(5, (await audit.ReadKeyUsesAsync(CancellationToken.None))[key.Id]);
    }

    [Fact]
    public void A_key_that_may_do_everything_of_its_tenant_says_so_whatever_else_it_may()
    {
        Assert.Equal(["admin", "system:operate"], ScopeNames.Of(Scopes.Admin | Scopes.SystemOperate));
        Assert.Equal(["admin"], ScopeNames.Of(Scopes.Admin));
        Assert.DoesNotContain("admin", ScopeNames.Of(Scopes.Admin & ~Scopes.OpsWrite));
    }

    [Fact]
    public void Every_scope_has_a_name_that_reads_back()
    {
        foreach (var scope in Enum.GetValues<Scopes>().Where(s => s != Scopes.None))
        {
            Assert.True(ScopeNames.TryParse(ScopeNames.Of(scope), out var read));
            Assert.Equal(scope, read);
        }

        Assert.False(ScopeNames.TryParse(["orders:everything"], out _));
    }

    private static async Task<ApiKey?> FindAsync(ApiKeyStore keys, string text) =>
        keys.FindKnown("Bearer " + text) ?? await keys.FindAsync("Bearer " + text, CancellationToken.None);

    private static Task<KeyOutcome> CreateAsync(ApiKeyStore keys, AuditRequest? request = null) =>
        keys.CreateAsync(Tenant, "shop", Scopes.Admin, null, Ada, request, CancellationToken.None);

    [Fact]
    public async Task The_next_end_is_that_of_the_first_client_who_has_no_other_key()
    {
        var keys = Process().Keys;
        var now = _time.GetUtcNow();
        await MakeAsync(keys, client: "endless");
        Assert.Null(keys.NextExpiry());
        var (_, old) = await MakeAsync(keys, client: "shop", expiresAt: now.AddDays(3));
        await MakeAsync(keys, client: "import", expiresAt: now.AddDays(9));
        Assert.Equal(now.AddDays(3), keys.NextExpiry());
        // Replaced: the old one ends in an hour, and nobody need care.
        var made = Assert.IsType<KeyOutcome.Made>(await keys.CreateAsync(Tenant, "shop", Scopes.Admin, now.AddDays(90), Ada, null, CancellationToken.None));
        Assert.Equal(now.AddDays(9), keys.NextExpiry());
        Assert.True(await keys.RevokeAsync(made.Key.Id, Tenant, Ada, CancellationToken.None));
        Assert.Equal(now.AddDays(3), keys.NextExpiry());
        _time.Advance(TimeSpan.FromDays(4));
        Assert.False(old.IsLive(_time.GetUtcNow()));
        Assert.Equal(now.AddDays(9), keys.NextExpiry());
    }

    private static async Task<KeyOutcome.Made> MakeAsync(
        ApiKeyStore keys, string client = "shop", Scopes scopes = Scopes.Admin, DateTimeOffset? expiresAt = null) =>
        Assert.IsType<KeyOutcome.Made>(await keys.CreateAsync(Tenant, client, scopes, expiresAt, Ada, null, CancellationToken.None));

    private static async Task<KeyOutcome.Made> RotateAsync(ApiKeyStore keys, string id) =>
        Assert.IsType<KeyOutcome.Made>(await keys.RotateAsync(id, Tenant, TimeSpan.FromDays(1), Ada, null, CancellationToken.None));

    private SqliteAdministration Open()
    {
        var store = SqliteAdministration.Open(_folder.Path);
        _open.Add(store);
        return store;
    }

    private (AuditLog Audit, ApiKeyStore Keys) Process()
    {
        var audit = new AuditLog(Open(), _time);
        _open.Add(audit);
        return (audit, new ApiKeyStore(audit, _time));
    }
}
