using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Children;
using Millrace.Cli.Verify;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Torture;

/// <summary>
/// One real server under real load, killed again and again. In the end three records are compared: what the clients were told,
/// what the store holds, and what the provider charged.
/// </summary>
internal sealed class NodeTorture(int kills, TimeSpan duration, int clients, int seed, string folder) : IDisposable
{
    private const long ScarceUnits = 300;
    private readonly Random _random = new(seed);
    private readonly List<double> _readyMs = [];
    private readonly List<string> _ends = [];
    private readonly AckRecord _told = new(Path.Combine(folder, "acknowledged.txt"));
    private int _pauses;
    private int _strikes;
    private int _killed;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        const string Secret = "of this run only";
        var data = Path.Combine(folder, "node");
        var port = Serve.FreePort.Find();
        await using var psp = await PspProcess.StartAsync(Path.Combine(folder, "psp"), new Uri($"http://127.0.0.1:{port}/v1/psp/psp/webhooks"), Secret, cancellation);
        await using var node = new NodeProcess(["--data", data, "--psp", psp.Url.ToString(), .. AuditorComplaints.Arguments, .. BreakComplaints.Arguments], Secret, port);
        var key = await KeyAdministration.MakeAsync(data, null, "torture", "torture", Scopes.Admin | Scopes.SystemOperate, cancellation);
        await node.StartAsync(cancellation);
        using (var client = new MillraceClient(node.Url, key))
            await TortureShop.StockAsync(client, ScarceUnits, cancellation);

        using var http = new HttpClient { BaseAddress = node.Url, Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var shoppers = Enumerable.Range(0, clients).Select(number => new TortureClient([http], _told, number, seed, cancellation)).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.WhenAll(shoppers.Select(shopper => Task.Run(() => shopper.RunAsync(stop.Token), CancellationToken.None)));
        var follower = new FeedFollower([http]);
        var following = follower.RunAsync(stop.Token);
        await Progressing.RunAsync("kills", kills, () => _strikes, () => KillAllAsync(node, psp.Url, cancellation));
        await stop.CancelAsync();
        await Task.WhenAll(load, following);

        await PspFaults.ClearAsync(psp.Url, cancellation);
        var (lost, stuck) = await Drain.RunAsync(_told, shoppers, cancellation);
        await follower.CompareAsync(_told.ReadAll(), cancellation);
        var audited = await AuditorComplaints.OfAsync(http, cancellation);
        var breaks = await BreakComplaints.OfAsync(http, cancellation);
        await node.StopAsync(cancellation);
        var report = await StoreVerification.RunAsync(data, psp.Url, cancellation, isDrained: true);
        return Result(report, lost, stuck, follower.Followed, [.. _ends, .. audited, .. breaks, .. follower.Complaints, .. shoppers.SelectMany(shopper => shopper.Complaints)]);
    }

    public void Dispose() => _told.Dispose();

    private async Task KillAllAsync(NodeProcess node, Uri psp, CancellationToken cancellation)
    {
        var each = duration / kills;
        while (_strikes < kills)
        {
            await PspFaults.SetAnyAsync(psp, _random, cancellation);
            await Task.Delay(each * (_random.NextDouble() * 2), cancellation);
            if (_random.Next(8) == 0)
            {
                _pauses++;
                await node.PauseAsync(TimeSpan.FromMilliseconds(_random.Next(200, 3_000)), cancellation);
                // What it does when it goes on, it does in front of witnesses.
                await Task.Delay(_random.Next(500), cancellation);
            }

            await KillAsync(node);
            // Sometimes again, before it listens or while it recovers.
            while (_strikes < kills && _random.Next(4) == 0)
            {
                node.Launch();
                await Task.Delay(_random.Next(20, 900), cancellation);
                await KillAsync(node);
            }

            _readyMs.Add((await node.StartAsync(cancellation)).TotalMilliseconds);
        }
    }

    // There is nobody else who could have ended it.
    private async Task KillAsync(NodeProcess node)
    {
        _strikes++;
        if (await node.KillAsync() is { } end)
            _ends.Add($"The server {end}");
        else
            _killed++;
    }

    private JsonObject Result(CheckReport report, int lost, int stuck, int followed, string[] complaints)
    {
        foreach (var complaint in complaints.Take(20))
            Console.Out.WriteLine(complaint);
        if (report.ViolationCount > 0)
            Console.Out.WriteLine(string.Join('\n', report.Violations.Take(20).Select(v => $"violation of {v.Invariant}: {v.Subject} {v.What}")));
        _readyMs.Sort();
        long Of(string status) => report.OrdersByStatus.GetValueOrDefault(status);
        return new JsonObject
        {
            ["scenario"] = "torture node",
            ["kills"] = _killed,
            ["pauses"] = _pauses,
            ["acknowledged"] = _told.Count,
            ["confirmed"] = Of("confirmed") + Of("completed"),
            ["rejected"] = Of("rejected"),
            ["canceled"] = Of("canceled"),
            ["events_followed"] = followed,
            ["lost"] = lost,
            ["stuck"] = stuck,
            ["double_charges"] = report.CountOf(3),
            ["oversold"] = report.CountOf(4),
            ["violations"] = report.ViolationCount + complaints.Length + stuck + lost + Math.Abs(report.Orders - _told.Count),
            ["ready_p50_ms"] = Percentile(0.5),
            ["ready_p99_ms"] = Percentile(0.99),
            ["seed"] = seed,
        };
    }

    private double Percentile(double share) => Math.Round(_readyMs[(int)Math.Min(_readyMs.Count - 1, _readyMs.Count * share)]);
}
