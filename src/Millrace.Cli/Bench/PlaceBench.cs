using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>
/// Orders from placed to confirmed on a real server. The no-op endpoint is driven the same way just before and after, so
/// that the ratio says what the pipeline costs whatever the machine.
/// </summary>
internal sealed class PlaceBench(PlaceSettings settings, BenchServer server)
{
    private const string OrdersPath = "/v1/orders";
    private const string NoopPath = "/v1/_noop";
    private static readonly TimeSpan FullTime = TimeSpan.FromSeconds(8);

    // Load before and after the window, so that neither its start nor its end is idle.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);
    // A window too short to be quoted needs no longer a run-up: that is for trying the command out.
    private readonly TimeSpan _warmUp = settings.Duration < FullTime ? settings.Duration : FullTime;

    public async Task<PlaceResult> RunAsync(CancellationToken cancellation)
    {
        await BenchCatalog.LoadAsync(server.Url, server.ApiKey, cancellation);
        var result = settings.Rate is { } rate ? await OpenAsync(rate, cancellation) : await ClosedAsync(cancellation);
        Say("stopping the server");
        await server.StopAsync(cancellation);
        Say("verifying the store");
        return result with { Violations = await server.CountViolationsAsync(cancellation) };
    }

    private async Task<PlaceResult> ClosedAsync(CancellationToken cancellation)
    {
        using var wrk = new Wrk(server.Urls, server.ApiKey, settings.Connections, settings.IsHot);
        Say("warming up");
        await NoopAsync(wrk, _warmUp / 2, cancellation);
        await wrk.RunAsync(OrdersPath, _warmUp, cancellation);
        await server.DrainAsync(cancellation);
        Say("no-op, before");
        var before = await NoopAsync(wrk, _warmUp, cancellation);
        var result = await MeasureAsync(duration => wrk.RunAsync(OrdersPath, duration, cancellation), cancellation);
        Say("no-op, after");
        var after = await NoopAsync(wrk, _warmUp, cancellation);
        return result with { Noop = new NoopYardstick(before, after) };
    }

    private static async Task<LoadResult> NoopAsync(Wrk wrk, TimeSpan duration, CancellationToken cancellation) =>
        Yardstick(await wrk.RunAsync(NoopPath, duration, cancellation));

    /// <exception cref="InvalidOperationException">Some of it failed: what is not done costs nothing, and every ratio to it would be wrong.</exception>
    internal static LoadResult Yardstick(LoadResult noop) =>
        noop.Failed == 0 ? noop : throw new InvalidOperationException($"{noop.Failed:N0} requests to {NoopPath} failed: there is nothing to compare with.");

    private async Task<PlaceResult> OpenAsync(int rate, CancellationToken cancellation)
    {
        OpenLoop NewLoop() => new(server.Url, server.ApiKey, rate, settings.Connections, settings.IsHot);
        Say("warming up");
        await NewLoop().RunAsync(_warmUp, cancellation);
        await server.DrainAsync(cancellation);
        return await MeasureAsync(duration => NewLoop().RunAsync(duration, cancellation), cancellation);
    }

    private async Task<PlaceResult> MeasureAsync(Func<TimeSpan, Task<LoadResult>> drive, CancellationToken cancellation)
    {
        Say($"measuring for {settings.Duration.TotalSeconds:F0} s");
        var (ordersBefore, bytesBefore) = ((await server.ReadMetricsAsync(cancellation)).Accepted, server.DiskBytes());
        var load = drive(settings.Duration + Margin + Margin);
        await Task.Delay(Margin, cancellation);
        var start = await Moment.TakeAsync(server, cancellation);
        await Task.Delay(settings.Duration, cancellation);
        var end = await Moment.TakeAsync(server, cancellation);
        var result = await load;
        await server.DrainAsync(cancellation);
        var orders = (await server.ReadMetricsAsync(cancellation)).Accepted - ordersBefore;
        if (orders <= 0)
            throw new InvalidOperationException("The server accepted no order: see that wrk's requests fit its API.");
        return new PlaceResult(new Window(start, end), result, (server.DiskBytes() - bytesBefore) / orders);
    }

    private static void Say(string words) => Console.Error.WriteLine("bench: " + words);
}
