using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Domain.Identity;
using Millrace.Tests.Cli.Commands;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Orders that wait for a person, on a real server: it would take half a minute of a failing provider to bring one about, so the store has them from the start.</summary>
[Collection(OwnProcesses.Name)]
public sealed class AttentionTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task In_the_console_they_are_dismissed_with_a_reason_restored_and_tried_again()
    {
        var settings = new ServerSettings(_folder["node"]);
        var orders = await ParkedStore.WriteAsync(settings.DataDirectory, ("poison", 3));
        var (key, viewer) = (NewKey.Of(settings, "acme", Scopes.Admin), NewKey.Of(settings, "acme", Scopes.OrdersRead));
        await using var server = await ServerProcess.StartAsync(settings);
        using var visitor = new ConsoleVisitor(settings.Address);
        await visitor.SignInAsync(key);
        Assert.Equal(orders, await ListedAsync(visitor, "/attention", orders));

        var token = await visitor.FormTokenAsync("/attention");
        Assert.StartsWith("/attention?problem=", (await visitor.PostAsync("/attention/dismiss", ("order", orders[1]), ("reason", " "), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/attention?notice=Done", (await visitor.PostAsync("/attention/dismiss", ("order", orders[1]), ("reason", "paid in cash"), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Equal([orders[0], orders[2]], await ListedAsync(visitor, "/attention", orders));
        Assert.Equal([orders[1]], await ListedAsync(visitor, "/attention?dismissed=true", orders));
        Assert.Contains("paid in cash", (await visitor.GetAsync("/orders/" + orders[1])).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"dismissed\"", (await visitor.GetAsync("/orders/" + orders[0])).Body, StringComparison.Ordinal);

        // All that wait are tried again; what is dismissed is left alone.
        Assert.StartsWith("/attention?notice=Done", (await visitor.PostAsync("/attention/resume", ("order", orders[0]), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/attention?dismissed=true&notice=Done", (await visitor.PostAsync("/attention/restore", ("order", orders[1]), ("form_token", token))).Location, StringComparison.Ordinal);
        await Eventually.Async(async () => (await ListedAsync(visitor, "/attention", orders)).SequenceEqual([orders[1], orders[2]]), "one goes on, and one is back");

        using var looker = new ConsoleVisitor(settings.Address);
        await looker.SignInAsync(viewer);
        Assert.StartsWith("/attention?problem=", (await looker.PostAsync("/attention/dismiss", ("order", orders[2]), ("reason", "no"), ("form_token", await looker.FormTokenAsync("/attention")))).Location, StringComparison.Ordinal);
        Assert.Equal([orders[1], orders[2]], await ListedAsync(looker, "/attention", orders));
    }

    [Fact]
    public async Task On_the_command_line_they_are_dismissed_and_restored_and_a_retry_of_all_leaves_them_alone()
    {
        var settings = new ServerSettings(_folder["node"]);
        var orders = await ParkedStore.WriteAsync(settings.DataDirectory, ("poison", 2));
        var key = NewKey.Of(settings, "acme", Scopes.Admin);
        await using var server = await ServerProcess.StartAsync(settings);
        string[] at = ["--url", settings.Address.ToString(), "--key", key];
        await CliRun.OfAsync(Acting.NotFound, ["parked", "dismiss", OrderId.Create(1, 0, 1).ToString(), "--reason", "no", "--dry-run", .. at]);
        Assert.Equal("paid in cash", (string)(await CliRun.OfAsync(Acting.Done, ["parked", "dismiss", orders[0], "--reason", "paid in cash", "-o", "json", .. at])).Json["reason"]!);
        Assert.Equal([orders[1]], await IdsAsync());
        Assert.Equal([orders[0]], await IdsAsync("--dismissed"));
        Assert.Equal([orders[1]], (await CliRun.OfAsync(Acting.Done, ["parked", "retry", "--all", "-o", "ndjson", .. at])).Rows.Select(row => (string)row["id"]!));
        var restored = await CliRun.OfAsync(Acting.Done, ["parked", "restore", orders[0], .. at]);
        Assert.Equal(("", "Done.\n"), (restored.Output, restored.Errors));
        await Eventually.Async(async () => (await IdsAsync()).SequenceEqual([orders[0]]), "one went on, and one is back");

        async Task<string[]> IdsAsync(params string[] which) =>
            [.. (await CliRun.OfAsync(Acting.Done, ["parked", "list", "--orders", "-o", "ndjson", .. which, .. at])).Rows.Select(row => (string)row["id"]!)];
    }

    private static async Task<string[]> ListedAsync(ConsoleVisitor visitor, string path, string[] orders)
    {
        var page = (await visitor.GetAsync(path)).Body;
        return [.. orders.Where(order => page.Contains($"href=\"/orders/{order}\"", StringComparison.Ordinal))];
    }
}
