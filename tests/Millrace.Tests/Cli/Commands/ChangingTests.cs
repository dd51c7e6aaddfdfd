using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class ChangingTests(CliServer server)
{
    [Fact]
    public async Task A_dry_run_changes_nothing_and_prints_what_would_be_asked()
    {
        var (order, sku) = (await server.NewOrderAsync(), await server.NewItemAsync(5));
        var before = (await StateAsync(order, sku)).ToString();
        string[][] changes =
        [
            ["orders", "cancel", order, "--reason", "why"], ["orders", "hold", order], ["orders", "ship", order], ["items", "put", sku, "--price", "999"],
            ["orders", "place", "--line", sku + ":1", "--customer", "dry"], ["stock", "adjust", sku, "--delta", "3"],
            ["tenants", "limits", "set", "acme", "--all-keys", "1:1", "--each-key", "1:1"], ["backup"],
        ];
        foreach (var change in changes)
        {
            var run = await server.RunAsync(0, [.. change, "--dry-run", .. change is ["backup"] ? Array.Empty<string>() : ["-o", "json"]]);
            Assert.Contains("dry run: nothing was changed", run.Errors, StringComparison.Ordinal);
            Assert.True(change is ["backup"] || ((string)run.Json["url"]!).StartsWith(server.Url, StringComparison.Ordinal), run.Output);
        }

        Assert.Equal(before, (await StateAsync(order, sku)).ToString());
        Assert.Empty((await server.RunAsync(0, "orders", "list", "--customer", "dry", "-o", "ndjson")).Rows);
    }

    // What a dry run foresees is what happens: the same exit code, for what is allowed and for what is not.
    [Fact]
    public async Task A_dry_run_foresees_how_the_change_ends()
    {
        var shipped = await server.NewOrderAsync();
        await server.RunAsync(0, "orders", "ship", shipped);
        var canceled = await server.NewOrderAsync();
        await server.RunAsync(0, "orders", "cancel", canceled);
        var held = await server.NewOrderAsync();
        await server.RunAsync(0, "orders", "hold", held);
        var plain = await server.NewOrderAsync();
        (string Key, int Exit, string[] Change)[] cases =
        [
            (server.Key, 0, ["orders", "cancel", canceled]), (server.Key, 1, ["orders", "hold", canceled]),
            (server.Key, 0, ["orders", "ship", shipped]), (server.Key, 1, ["orders", "ship", shipped, "--carrier", "another"]), (server.Key, 1, ["orders", "cancel", shipped]),
            (server.Key, 1, ["orders", "hold", shipped]), (server.Key, 1, ["orders", "ship", canceled]), (server.Key, 1, ["orders", "ship", held]), (server.Key, 1, ["orders", "deliver", plain]),
            (server.Key, 1, ["orders", "retry", plain]), (server.Key, 1, ["orders", "refund", plain]), (server.Key, 4, ["orders", "cancel", "ord_nothing"]),
            (server.Key, 4, ["orders", "release", "ord_nothing", "hold_1"]), (server.Key, 4, ["orders", "release", held, "hold_1"]),
            (server.Key, 1, ["orders", "place", "--line", "no-such-item:1", "--customer", "c"]),
            (server.Key, 1, ["stock", "adjust", "no-such-item", "--delta", "1"]), (server.Key, 0, ["tenants", "limits", "set", "newcomer", "--all-keys", "10:10", "--each-key", "5:5"]),
            (server.Viewer, 5, ["orders", "cancel", plain]), (server.Viewer, 5, ["orders", "refund", plain]), (server.Viewer, 5, ["orders", "retry", plain]),
            (server.Viewer, 5, ["items", "put", "x", "--price", "1"]), (server.Viewer, 5, ["stock", "adjust", "x", "--delta", "1"]),
            (server.Viewer, 5, ["orders", "place", "--line", "x:1", "--customer", "c"]), (server.Viewer, 5, ["backup"]), (server.Viewer, 5, ["cluster", "drain", "one"]),
            (server.Viewer, 5, ["tenants", "limits", "set", "acme", "--all-keys", "1:1", "--each-key", "1:1"]), (server.Viewer, 5, ["cluster", "raise-format"]),
            (server.Key, 0, ["orders", "deliver", shipped]), (server.Key, 0, ["orders", "deliver", shipped]), (server.Key, 1, ["orders", "refund", shipped, "--amount", "251"]), (server.Key, 0, ["orders", "refund", shipped]),
            (server.Key, 0, ["orders", "cancel", plain]),
        ];
        foreach (var (key, exit, change) in cases)
        {
            var dry = await server.RunAsAsync(key, exit, [.. change, "--dry-run"]);
            Assert.True(exit == 0 || (dry.Output.Length == 0 && dry.Errors.StartsWith("millrace: ", StringComparison.Ordinal)), dry.Errors);
            await server.RunAsAsync(key, exit, change);
        }
    }

    [Fact]
    public async Task The_same_key_does_it_once_and_says_so()
    {
        var order = await server.NewOrderAsync();
        await server.RunAsync(0, "orders", "hold", order, "--idempotency-key", "hold-once");
        var again = await server.RunAsync(0, "orders", "hold", order, "--idempotency-key", "hold-once", "-o", "json");
        Assert.Contains("used before", again.Errors, StringComparison.Ordinal);
        Assert.Single((await server.RunAsync(0, "orders", "get", order, "-o", "json")).Json["holds"]!.AsArray());
    }

    [Fact]
    public async Task Limits_are_set_whole()
    {
        await server.RunAsync(0, "tenants", "limits", "set", "acme", "--all-keys", "5000:6000", "--each-key", "4000:4500", "--per-day", "1000000");
        var limits = (await server.RunAsync(0, "tenants", "limits", "get", "acme", "-o", "json")).Json;
        Assert.Equal((5_000, 4_500, 1_000_000), ((int)limits["tenant"]!["per_second"]!, (int)limits["key"]!["burst"]!, (int)limits["per_day"]!));
    }

    [Fact]
    public async Task Keys_are_made_and_withdrawn_dry_first()
    {
        string[] create = ["keys", "create", "--data", server.DataDirectory, "--tenant", "dry", "--name", "till", "--scopes", "orders:read"];
        var dry = await CliRun.OfAsync(0, [.. create, "--dry-run"]);
        Assert.Empty(dry.Output);
        Assert.DoesNotContain((await ListAsync()).Rows, key => (string)key["tenant"]! == "dry");
        await CliRun.OfAsync(0, create);
        var id = (string)(await ListAsync()).Rows.Single(key => (string)key["tenant"]! == "dry")["id"]!;
        await CliRun.OfAsync(0, "keys", "revoke", id, "--data", server.DataDirectory, "--dry-run");
        Assert.Equal("live", (string)(await ListAsync()).Rows.Single(key => (string)key["id"]! == id)["state"]!);
        await CliRun.OfAsync(0, "keys", "revoke", id, "--data", server.DataDirectory);
        foreach (var change in new[] { "revoke", "rotate" })
        {
            await CliRun.OfAsync(Acting.NotFound, "keys", change, id, "--data", server.DataDirectory, "--dry-run");
            Assert.Contains(id, (await CliRun.OfAsync(Acting.NotFound, "keys", change, id, "--data", server.DataDirectory)).Errors, StringComparison.Ordinal);
        }

        await CliRun.OfAsync(Acting.Failed, "keys", "create", "--data", Path.Combine(server.Folder, "nowhere"), "--name", "n", "--scopes", "admin", "--dry-run");
        Assert.False(Directory.Exists(Path.Combine(server.Folder, "nowhere")));

        Task<CliRun> ListAsync() => CliRun.OfAsync(0, "keys", "list", "--data", server.DataDirectory, "-o", "ndjson");
    }

    private async Task<(string Order, string Item, string Limits)> StateAsync(string order, string sku) => (
        (await server.RunAsync(0, "orders", "get", order, "-o", "ndjson")).Output,
        (await server.RunAsync(0, "items", "get", sku, "-o", "ndjson")).Output,
        (await server.RunAsync(0, "tenants", "limits", "get", "acme", "-o", "ndjson")).Output);
}
