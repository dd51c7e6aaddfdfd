using System.CommandLine;
using Millrace.Cli;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>The tree of commands, without a server.</summary>
public sealed class UsageTests
{
    // Nobody listens there: whoever asks fails.
    private const string Nowhere = "http://127.0.0.1:9";

    // Programs over the API rather than requests of it: each sends thousands.
    private static readonly string[] Bulk = ["replay", "doctor"];

    [Theory]
    [InlineData("nonsense")]
    [InlineData("orders")]
    [InlineData("orders get")]
    [InlineData("orders get a b")]
    [InlineData("keys create --data nowhere --name a --scopes viewer --expires 2020-01-01")]
    [InlineData("orders get ord_1 --key k --url ftp://x")]
    [InlineData("orders get ord_1 --key k --timeout 0")]
    [InlineData("orders get ord_1 --key k --timeout soon")]
    [InlineData("orders get ord_1 --key k --every 5")]
    [InlineData("orders get ord_1 --key k --watch --every 0")]
    [InlineData("orders list -o xml")]
    [InlineData("orders list --key k --limit 0")]
    [InlineData("orders watch ord_1 --key k --until lost")]
    [InlineData("orders place --key k")]
    [InlineData("orders place --key k --line MUG --customer c")]
    [InlineData("orders place --key k --file /dev/null")]
    [InlineData("stock adjust MUG --key k --delta many")]
    [InlineData("parked list --key k --limit 0")]
    [InlineData("parked retry --key k")]
    [InlineData("parked retry ord_1 --all --key k")]
    [InlineData("parked retry --all --code poison --key k")]
    [InlineData("parked retry ord_1 --key k --rate 0")]
    [InlineData("jobs start destroy --customer c --key k")]
    [InlineData("jobs start cancel --key k")]
    [InlineData("jobs start cancel --customer c --rate 0 --key k")]
    [InlineData("jobs start cancel --attention maybe --key k")]
    [InlineData("jobs results job_1 --limit 0 --key k")]
    [InlineData("reconciliation breaks --state odd --key k")]
    [InlineData("reconciliation breaks --limit 0 --key k")]
    [InlineData("reconciliation close brk_1 --key k")]
    [InlineData("serve --data x --reconcile-after 5")]
    [InlineData("serve --data x --reconcile-after 00:00:00")]
    [InlineData("serve --data x --max-backlog-age 30")]
    [InlineData("serve --data x --max-backlog-age 99999999.00:00:00")]
    [InlineData("keys rotate key_1 --data nowhere --overlap 30.00:00:01")]
    [InlineData("keys rotate key_1 --data nowhere --overlap -1.00:00:00")]
    [InlineData("keys rotate key_1 --data nowhere --overlap 9999999.00:00:00")]
    [InlineData("webhooks rotate whk_1 --key k --overlap 00:60:00")]
    [InlineData("keys create --data nowhere --name a --scopes viewer --partitions 8")]
    [InlineData("keys create --postgres Host=nowhere.invalid --name a --scopes viewer --partitions 5000")]
    [InlineData("tenants limits set acme --key k --all-keys 5 --each-key 1:1")]
    [InlineData("tenants limits set acme --key k --all-keys 1:1")]
    [InlineData("overview --key k --seconds 0")]
    [InlineData("audit list --key k --limit 0")]
    [InlineData("audit list --key k --after -1")]
    [InlineData("backup --data x --to y --dry-run")]
    [InlineData("doctor --port 0")]
    [InlineData("doctor --url nonsense")]
    [InlineData("plan")]
    [InlineData("plan --orders-per-second -1")]
    [InlineData("plan --orders-per-second 10 --peak 5")]
    [InlineData("plan --orders-per-second 10 --load 2")]
    [InlineData("plan --orders-per-second 10 --spare-nodes 1.5")]
    [InlineData("plan --orders-per-second NaN")]
    [InlineData("completions tcsh")]
    [InlineData("orders cancel ord_1 --key k --idempotency-key clé")]
    [InlineData("torture node --kills 0")]
    [InlineData("torture node --seconds 0 --data nowhere")]
    [InlineData("torture cluster --partitions 5000 --data nowhere")]
    [InlineData("torture failover --failovers 0 --data nowhere")]
    [InlineData("torture shards --moves 1 --clients 0 --data nowhere")]
    public async Task What_cannot_be_meant_is_one_line_on_standard_error_and_asks_nobody(string line)
    {
        var words = line.Split(' ');
        // With an address that would fail otherwise than by usage.
        var run = await CliRun.OfAsync(Acting.Usage, [.. words, .. words.Contains("--key") && !words.Contains("--url") ? new[] { "--url", Nowhere } : []]);
        Assert.Empty(run.Output);
        Assert.Matches("^millrace: [^\n]+\n$", run.Errors);
        Assert.False(Directory.Exists("nowhere"));
    }

    [Theory]
    [InlineData("stock adjust MUG --delta many", "--delta is a whole number, not 'many'.")]
    [InlineData("stock demand --limit it's", "--limit is a whole number, not 'it's'.")]
    [InlineData("serve --data x --max-backlog-age soon", "--max-backlog-age is a time such as 00:01:30, not 'soon'.")]
    [InlineData("plan --orders-per-second all", "--orders-per-second is a number, not 'all'.")]
    [InlineData("keys create --data x --name a --scopes viewer --expires noon", "--expires is a moment such as 2026-01-31T12:00:00Z, not 'noon'.")]
    [InlineData("demo --rate fast", "--rate is a number, not 'fast'.")]
    [InlineData("demo --nodes many", "--nodes is a whole number, not 'many'.")]
    [InlineData("webhooks rotate whk_1 --overlap long", "--overlap is a time such as 00:01:30, not 'long'.")]
    [InlineData("audit list --after x", "--after is a whole number, not 'x'.")]
    public async Task A_value_that_cannot_be_read_is_told_in_words(string line, string words)
    {
        var run = await CliRun.OfAsync(Acting.Usage, line.Split(' '));
        Assert.DoesNotContain("System.", run.Errors, StringComparison.Ordinal);
        Assert.StartsWith($"millrace: {words}", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_option_that_is_a_length_of_time_takes_hours_for_days()
    {
        var asked = 0;
        foreach (var (path, command) in Leaves(CommandLine.Create()))
        {
            foreach (var option in command.Options.Where(option => option.ValueType == typeof(TimeSpan) || option.ValueType == typeof(TimeSpan?)))
            {
                var run = await CliRun.OfAsync(Acting.Usage, [.. path, .. Sample(path, command), option.Name, "24:00:00"]);
                Assert.Contains($"{option.Name} has hours from 00 to 23, and days in front of them, such as 1.00:00:00", run.Errors, StringComparison.Ordinal);
                asked++;
            }
        }

        Assert.True(asked >= 4);
    }

    [Fact]
    public async Task Every_command_that_asks_a_server_can_show_its_request_and_never_the_key()
    {
        var asking = Leaves(CommandLine.Create()).Where(leaf => Has(leaf.Command, "--url") && !Bulk.Contains(leaf.Path[0])).ToList();
        Assert.True(asking.Count > 25);
        foreach (var (path, command) in asking)
        {
            Assert.True(Has(command, "--curl") && Has(command, "--key"), string.Join(' ', path));
            var run = await CliRun.OfAsync(Acting.Done, [.. path, .. Sample(path, command), "--url", Nowhere, "--key", "mr_live_secret", "--curl"]);
            Assert.All(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("curl ", line, StringComparison.Ordinal));
            Assert.Contains("\"Authorization: Bearer $MILLRACE_KEY\"", run.Output, StringComparison.Ordinal);
            Assert.Contains(Nowhere + "/v1/", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("mr_live_secret", run.Output + run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_command_either_reads_and_can_watch_or_changes_and_can_run_dry()
    {
        foreach (var (path, command) in Leaves(CommandLine.Create()).Where(leaf => Has(leaf.Command, "--curl")))
        {
            var reads = Has(command, "--every");
            Assert.True(reads != Has(command, "--dry-run"), string.Join(' ', path));
            Assert.True(Has(command, "--output") || path is ["backup"], string.Join(' ', path));
        }
    }

    [Fact]
    public async Task Help_is_data_and_no_failure()
    {
        var run = await CliRun.OfAsync(Acting.Done, "orders", "--help");
        Assert.Contains("watch", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Errors);
    }

    internal static IEnumerable<(string[] Path, Command Command)> Leaves(Command command, params string[] path)
    {
        if (command is not RootCommand && command.Action is not null)
            yield return (path, command);
        foreach (var leaf in command.Subcommands.SelectMany(sub => Leaves(sub, [.. path, sub.Name])))
            yield return leaf;
    }

    private static bool Has(Command command, string option) => command.Options.Any(o => o.Name == option);

    // Just enough for a command line that can be meant.
    private static IEnumerable<string> Sample(string[] path, Command command) => path switch
    {
        ["orders", "place"] => ["--line", "MUG:1", "--customer", "it's"],
        ["jobs", "start"] => ["cancel", "--customer", "it's"],
        ["webhooks", "replay"] => ["whe_1", "--failed"],
        ["tenants", "limits", "set"] => ["acme", "--all-keys", "1:2", "--each-key", "1:2"],
        _ => [.. command.Arguments.Select(a => a.Name + "-1"), .. command.Options.Where(o => o.Required).SelectMany(o => new[] { o.Name, "1" })],
    };
}
