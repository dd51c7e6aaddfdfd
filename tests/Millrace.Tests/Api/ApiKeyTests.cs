using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Keys;
using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class ApiKeyTests : IDisposable
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private readonly string _directory = Directory.CreateTempSubdirectory("millrace-keys").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_key_opens_for_its_tenant_with_its_scopes()
    {
        var store = Store();
        var (text, key) = store.Create(Tenant, "shop", Scopes.OrdersWrite | Scopes.OrdersRead, null);
        var found = store.Find(text)!;
        Assert.Equal((key.Id, Tenant), (found.Id, found.Tenant));
        Assert.True(found.Allows(Scopes.OrdersWrite));
        Assert.False(found.Allows(Scopes.OrdersRefund));
        Assert.Equal(key.Id, found.Actor.Name);
    }

    [Fact]
    public void A_key_looks_like_one_and_its_text_is_stored_nowhere()
    {
        var (text, _) = Store().Create(Tenant, "shop", Scopes.Admin, null);
        Assert.Matches("^mr_live_[0-9A-Za-z]{26}_[0-9A-Za-z]{6}$", text);
        Assert.All(Directory.GetFiles(_directory), file => Assert.DoesNotContain(text[8..34], File.ReadAllText(file), StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, "keys.json")));
    }

    [Fact]
    public void Any_one_changed_character_is_refused()
    {
        var store = Store();
        var (text, _) = store.Create(Tenant, "shop", Scopes.Admin, null);
        for (var i = 0; i < text.Length; i++)
        {
            var other = text[i] == 'x' ? 'y' : 'x';
            Assert.Null(store.Find(string.Concat(text.AsSpan(0, i), [other], text.AsSpan(i + 1))));
        }

        Assert.Null(store.Find(""));
        Assert.Null(store.Find(text + "x"));
        Assert.Null(store.Find("mr_live_\u00e9" + text[9..]));
    }

    [Fact]
    public async Task The_first_requests_of_a_new_key_come_together_and_none_is_sent_away()
    {
        var serving = Store();
        var elsewhere = Store();
        for (var round = 0; round < 50; round++)
        {
            var (text, _) = elsewhere.Create(Tenant, $"client-{round}", Scopes.OrdersRead, null);
            _time.Advance(TimeSpan.FromSeconds(2));
            using var together = new Barrier(8);
            var threads = Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                return serving.Find(text) is not null;
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            Assert.All(await Task.WhenAll(threads), Assert.True);
        }
    }

    [Fact]
    public void An_expired_key_is_refused()
    {
        var store = Store();
        var (text, _) = store.Create(Tenant, "shop", Scopes.Admin, _time.GetUtcNow().AddHours(1));
        Assert.NotNull(store.Find(text));
        var header = "bearer " + text;
        Assert.NotNull(store.FindByHeader(header));
        Assert.Null(store.FindByHeader("Basic " + text));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(store.FindByHeader(header));
        Assert.Null(store.Find(text));
    }

    [Fact]
    public void A_server_sees_keys_made_and_revoked_by_another_process()
    {
        var server = Store();
        var cli = Store();
        var (text, key) = cli.Create(Tenant, "shop", Scopes.Admin, null);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.NotNull(server.Find(text));
        var header = "Bearer " + text;
        Assert.Equal(key.Id, server.FindByHeader(header)!.Id);
        Assert.Same(server.FindByHeader(header), server.FindByHeader(header));
        Assert.True(cli.Revoke(key.Id));
        Assert.False(cli.Revoke(key.Id));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(server.FindByHeader(header));
        Assert.Null(server.Find(text));
    }

    [Fact]
    public void A_client_has_at_most_two_live_keys()
    {
        var store = Store();
        var (_, first) = store.Create(Tenant, "shop", Scopes.Admin, null);
        store.Create(Tenant, "shop", Scopes.Admin, null);
        Assert.Throws<InvalidOperationException>(() => store.Create(Tenant, "shop", Scopes.Admin, null));
        store.Create(Tenant, "other", Scopes.Admin, null);
        store.Revoke(first.Id);
        store.Create(Tenant, "shop", Scopes.Admin, null);
        Assert.Equal(4, store.List().Count);
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

    private ApiKeyStore Store() => new(_directory, _time);
}
