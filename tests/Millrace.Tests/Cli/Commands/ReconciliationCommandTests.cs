using Millrace.Reconciliation.Breaks;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class ReconciliationCommandTests(CliServer server)
{
    [Fact]
    public async Task Breaks_are_listed_assigned_closed_and_opened_again()
    {
        var (stray, pending) = (await FindAsync(BreakKinds.NotRequested), await FindAsync(BreakKinds.Pending));
        var shown = (await server.RunAsync(0, "reconciliation", "show", "-o", "json")).Json;
        Assert.False((bool)shown["enabled"]!);
        Assert.Equal((1, 1), ((int)shown["open_by_kind"]!["not_requested"]!, (int)shown["open_by_kind"]!["pending"]!));
        Assert.Equal([pending, stray], await IdsAsync("open"));

        await server.RunAsync(0, "reconciliation", "assign", stray, "--to", "maria");
        // No money is moved by it, so it may be said at any time; only what still moves has its own end.
        foreach (var way in new[] { Array.Empty<string>(), ["--dry-run"] })
        {
            Assert.Contains("still waits", (await server.RunAsync(1, ["reconciliation", "close", pending, "--reason", "why not", .. way])).Errors, StringComparison.Ordinal);
            await server.RunAsync(4, ["reconciliation", "close", "brk_" + new string('0', 32), "--reason", "why not", .. way]);
            await server.RunAsAsync(server.Viewer, 5, ["reconciliation", "close", stray, "--reason", "why not", .. way]);
        }

        var closed = (await server.RunAsync(0, "reconciliation", "close", stray, "--reason", "voided by hand", "-o", "json")).Json;
        Assert.Equal(("closed", "maria", "voided by hand"), ((string)closed["state"]!, (string)closed["owner"]!, (string)closed["reason"]!));
        // Whoever gives another reason is who has closed it.
        await server.RunAsync(0, "reconciliation", "close", stray, "--reason", "refunded by another");
        var recorded = (await server.RunAsync(0, "reconciliation", "get", stray, "-o", "json")).Json;
        Assert.Equal("refunded by another", (string)recorded["reason"]!);
        Assert.True((DateTimeOffset)recorded["closed_at"]! >= (DateTimeOffset)closed["closed_at"]!);
        Assert.Equal([pending], await IdsAsync("open"));
        Assert.Equal([stray], await IdsAsync("closed"));
        var again = (await server.RunAsync(0, "reconciliation", "assign", stray, "--to", "ada", "-o", "json")).Json;
        Assert.Equal(("open", "ada", null), ((string)again["state"]!, (string)again["owner"]!, again["reason"]));
        Assert.Equal([pending], (await server.RunAsync(0, "reconciliation", "breaks", "--limit", "1", "-o", "ndjson")).Rows.Select(row => (string)row["id"]!));
    }

    private async Task<string[]> IdsAsync(string state) => [.. (await server.RunAsync(0, "reconciliation", "breaks", "--state", state, "-o", "ndjson")).Rows.Select(row => (string)row["id"]!)];

    // As the comparison would; this server's payments are simulated in its process.
    private async Task<string> FindAsync(string kind)
    {
        var found = new Break(Break.IdOf("k", kind), kind, "k", kind, "authorize", DateTimeOffset.UnixEpoch.AddSeconds(kind == BreakKinds.Pending ? 1 : 0)) { Theirs = new BreakSide(5, "EUR") };
        Assert.NotNull(await server.Breaks.TryAddAsync(found, default));
        return found.Id;
    }
}
