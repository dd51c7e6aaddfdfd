using System.CommandLine;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Client;
using Millrace.Cli.Psp;
using Millrace.Cli.Serve;
using Millrace.OperatorConsole;
using Millrace.Engine.Journal;

namespace Millrace.Cli.Demo;

/// <summary>
/// <c>millrace demo</c>: a whole shop on this machine. A server on SQLite, the PSP simulator as a process of its own with
/// its own record, a seeded catalog and gentle traffic, until Ctrl-C. With more nodes: over a PostgreSQL of its own, and any of the others may be killed.
/// </summary>
internal static class DemoCommand
{
    // Sooner than in earnest: whoever breaks something wants to see it.
    public static readonly TimeSpan ReconcileAfter = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Data folder; kept between runs.", DefaultValueFactory = _ => Path.Combine(".millrace", "demo") };
        var url = new Option<string>("--urls") { Description = "Where the API listens.", DefaultValueFactory = _ => NodeOptions.DefaultUrl };
        var rate = new Option<double>("--rate") { Description = "Orders per second, 0 to 1000.", DefaultValueFactory = _ => 2 };
        var seconds = new Option<int?>("--seconds") { Description = "Stop by itself after this long." };
        var nodes = new Option<int>("--nodes")
        {
            Description = $"Nodes of a cluster over a PostgreSQL in a temporary folder, 2 to {DemoCluster.MostNodes}; it must be installed. 1: SQLite in the data folder.", DefaultValueFactory = _ => 1,
        };
        nodes.Check(count => count is < 1 or > DemoCluster.MostNodes ? $"--nodes is 1 to {DemoCluster.MostNodes}." : null);
        rate.Check(orders => orders is >= 0 and <= 1_000 ? null : "--rate is 0 to 1000.");
        var command = new Command("demo", "Run a whole shop on this machine.") { data, url, rate, seconds, nodes };
        command.SetGuardedAction(async (parsed, cancellation) =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (parsed.GetValue(seconds) is { } limit)
                stop.CancelAfter(TimeSpan.FromSeconds(limit));
            try
            {
                ListeningOptions.RequireLocal(url.Name, parsed.GetValue(url)!, "whoever comes to a demo is signed in, and may do everything.");
                var again = string.Concat(new Option[] { data, url, rate }.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => $" {option.Name} {Curl.Quoted(parsed.GetResult(option)!.Tokens[0].Value)}"));
                return await RunAsync(parsed.GetValue(data)!, parsed.GetValue(url)!, parsed.GetValue(rate), parsed.GetValue(nodes), "./millrace demo" + again, stop.Token);
            }
            catch (StoreRefusedException refused)
            {
                return await Acting.FailAsync(parsed, refused.Message, Acting.Failed);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                return await Acting.FailAsync(parsed, $"{seconds.Name} was over before the shop was open.", Acting.Failed);
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(string data, string url, double rate, int nodes, string again, CancellationToken stop)
    {
        var started = TimeProvider.System.GetTimestamp();
        stop.ThrowIfCancellationRequested();
        Directory.CreateDirectory(data);
        var secret = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        await using var psp = await PspProcess.StartAsync(Path.Combine(data, "psp"), new Uri(new Uri(url), "/v1/psp/psp/webhooks"), secret, stop);
        await using var cluster = nodes > 1 ? await DemoCluster.StartAsync(stop) : null;
        var options = cluster?.First ?? new NodeOptions { DataDirectory = Path.Combine(data, "node") };
        var key = await NewKeyAsync(options, stop);
        var controls = new DemoControls(key, psp.Url, again) { Rate = rate };
        await using var app = Node.Build(options with { Url = url, Psp = psp.Url, PspKey = PspKey.Read(), PspWebhookSecret = secret, ReconcileAfter = ReconcileAfter, Demo = controls });
        await Node.StartAsync(app, stop);
        cluster?.StartOthers(nodes, psp.Url, secret);
        controls.Nodes = cluster?.Nodes;
        using var shop = new DemoShop([new Uri(url), .. cluster?.OtherUrls ?? []], key);
        try
        {
            await shop.WaitReadyAsync(stop);
            await shop.SeedAsync(stop);
            var first = await shop.PlaceFirstAsync(stop);
            Welcome(url, key, psp.Url, first, TimeProvider.System.GetElapsedTime(started), isKept: nodes == 1);
            await shop.TradeAsync(() => controls.Rate, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(nodes > 1 ? "Stopping; the cluster and its database are gone with it." : "Stopping: everything accepted is durable; the next run goes on with it.");
        }
        finally
        {
            // In good order, whatever ended it: what still runs must not find the container gone.
            await app.StopAsync(CancellationToken.None);
        }

        return 0;
    }

    // Keys are shown once, so each run makes its own and revokes those of earlier runs.
    private static async Task<string> NewKeyAsync(NodeOptions options, CancellationToken cancellation)
    {
        await using var administration = await KeyAdministration.OpenAsync(options.DataDirectory, options.Postgres, cancellation);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var old in administration.Keys.List().Where(key => key.Tenant.Value == "demo" && key.Client == "demo" && key.IsLive(now)))
            await administration.Keys.RevokeAsync(old.Id, old.Tenant, KeyAdministration.Actor, cancellation);
        return await administration.MakeAsync("demo", "demo", Scopes.Admin | Scopes.SystemOperate, now.AddDays(7), cancellation);
    }

    private static void Welcome(string url, string key, Uri psp, string first, TimeSpan elapsed, bool isKept) => Console.Out.WriteLine($"""

        Millrace is running; the first order was confirmed {elapsed.TotalSeconds:F1} s after the start.

          Console  {url}      live charts, orders, and knobs that break things at {url}/demo
          API      {url}/v1   docs {url}/docs
          PSP      {psp}  (simulator, its own process; PUT /faults makes trouble)
          Key      {key}

        Try:
          export MILLRACE_URL={url} MILLRACE_KEY={key}
          ./millrace orders list
          ./millrace orders get {first}
          curl -H "Authorization: Bearer $MILLRACE_KEY" {url}/v1/orders/{first}/events
          curl -X PUT {psp}faults -H 'Content-Type: application/json' -d '{"{"}"outage":true{"}"}'

        Ctrl-C stops it. {(isKept ? "Everything acknowledged is durable." : "Its database is gone then: this one is for watching nodes come and go.")}
        """);
}
