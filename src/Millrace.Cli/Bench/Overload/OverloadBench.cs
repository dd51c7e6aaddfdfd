using System.Diagnostics;

namespace Millrace.Cli.Bench.Overload;

/// <summary>
/// More than can be done: what a machine does at its maximum, then 1 to 10 times that in an open loop, then how soon it is itself again; and a tenant that asks
/// for 50 times its quota beside others that behave. The callers share the machine with the server.
/// </summary>
internal sealed class OverloadBench(OverloadSettings settings, BenchServer server)
{
    private const double Ease = 0.5;
    private const double NoisyQuotaShare = 0.05;
    private const double NoisyTimes = 50;
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(30);

    // What a change of rate leaves behind is not measured.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private long _failed;

    public async Task<OverloadResult> RunAsync(CancellationToken cancellation)
    {
        var keys = server.TenantKeys;
        foreach (var key in keys)
            await BenchCatalog.LoadAsync(server.Url, key, cancellation);
        var behaving = keys.Take(OverloadSettings.Tenants).ToList();
        var (maximum, maximumCores) = await MaximumAsync(behaving, cancellation);
        Say($"the maximum is {maximum:N0} orders/s");
        var (quiet, noisy, accepted) = await NoisyAsync(behaving, keys[^1], maximum, cancellation);
        var (steps, recovery, course) = await StepsAsync(behaving, maximum, cancellation);
        Say("stopping the server");
        await server.StopAsync(cancellation);
        Say("verifying the store");
        return new OverloadResult(maximum, maximumCores, steps, recovery, quiet, noisy, accepted, maximum * NoisyQuotaShare, course)
        {
            Failed = _failed,
            Violations = await server.CountViolationsAsync(cancellation),
        };
    }

    private async Task<(double OrdersPerSecond, Cores Cores)> MaximumAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        await using var crowd = new Crowd(server.Url, keys, 256, heedsRetryAfter: true, _startedAt) { Rate = double.PositiveInfinity };
        Say("warming up, then measuring the maximum");
        await Task.Delay(settings.Step, cancellation);
        var (window, cores) = await MeasureAsync(cancellation);
        _failed += crowd.Failed;
        return (window.OrdersPerSecond, cores);
    }

    private async Task<(Seen Quiet, Seen Noisy, double Accepted)> NoisyAsync(IReadOnlyList<string> keys, string noisyKey, double maximum, CancellationToken cancellation)
    {
        var quota = maximum * NoisyQuotaShare;
        await server.LimitLastTenantAsync((int)quota, cancellation);
        await using var others = new Crowd(server.Url, keys, settings.Callers, settings.HeedsRetryAfter, _startedAt) { Rate = maximum * Ease };
        await using var noisy = new Crowd(server.Url, [noisyKey], settings.Callers / OverloadSettings.Tenants, settings.HeedsRetryAfter, _startedAt);
        var (alone, beside, accepted) = (new List<Second>(), new List<Second>(), 0L);
        // In turns: so that what the machine does meanwhile falls on both.
        for (var turn = 0; turn < 3; turn++)
        {
            Say($"turn {turn + 1} of 3: half the maximum, alone and beside a tenant that asks for {NoisyTimes:N0} times its {quota:N0}/s");
            noisy.Rate = 0;
            await AddAsync(others, alone, cancellation);
            noisy.Rate = quota * NoisyTimes;
            var (from, to) = await AddAsync(others, beside, cancellation);
            accepted += noisy.Between(from, to).Sum(second => second.Accepted);
        }

        _failed += others.Failed + noisy.Failed;
        return (Seen.Of(alone), Seen.Of(beside), (double)accepted / beside.Count);
    }

    private async Task<(IReadOnlyList<OverloadStep> Steps, double? Recovery, IReadOnlyList<OverloadPoint> Course)> StepsAsync(
        IReadOnlyList<string> keys, double maximum, CancellationToken cancellation)
    {
        await server.DrainAsync(cancellation);
        await using var crowd = new Crowd(server.Url, keys, settings.Callers, settings.HeedsRetryAfter, _startedAt) { Rate = maximum * Ease };
        var begin = crowd.Now;
        var usual = new List<Second>();
        await AddAsync(crowd, usual, cancellation);
        var steps = new List<OverloadStep>();
        var rates = new List<(int From, double Rate)> { (begin, maximum * Ease) };
        foreach (var times in OverloadSettings.Steps)
        {
            Say($"{times:N0} times the maximum");
            crowd.Rate = maximum * times;
            rates.Add((crowd.Now, crowd.Rate));
            await Task.Delay(Settling, cancellation);
            var from = crowd.Now + 1;
            var (window, cores) = await MeasureAsync(cancellation);
            var seconds = crowd.Between(from, crowd.Now);
            steps.Add(new OverloadStep(times, crowd.Rate, window.OrdersPerSecond, Seen.Of(seconds), cores));
        }

        Say("half the maximum again");
        crowd.Rate = maximum * Ease;
        rates.Add((crowd.Now, crowd.Rate));
        var recovery = await RecoveryAsync(crowd, Seen.Of(usual).SinceDueP99Ms, cancellation);
        var course = crowd.Between(begin, crowd.Now).Select((second, i) => new OverloadPoint(
            i, rates.Last(rate => rate.From <= begin + i).Rate, second.Accepted, second.Refused + second.Limited, second.Failed, Seen.Ms(second.SinceAsked, 99) ?? 0)).ToList();
        _failed += crowd.Failed;
        return (steps, recovery, course);
    }

    /// <summary>Until three seconds follow one another in which nobody was refused and the slowest hundredth took no more than twice as long as before.</summary>
    private static async Task<double?> RecoveryAsync(Crowd crowd, double? usualP99Ms, CancellationToken cancellation)
    {
        const int Enough = 3;
        var start = crowd.Now;
        for (var good = 0; crowd.Now - start < RecoveryLimit.TotalSeconds;)
        {
            var second = crowd.Now;
            while (crowd.Now == second)
                await Task.Delay(50, cancellation);
            var seen = crowd[second];
            good = seen.Accepted > 0 && seen is { Refused: 0, Failed: 0, GivenUp: 0 } && Seen.Ms(seen.SinceDue, 99) <= usualP99Ms * 2 ? good + 1 : 0;
            if (good == Enough)
                return Math.Max(0, crowd.Now - Enough - start);
        }

        return null;
    }

    private async Task<(Window Window, Cores Cores)> MeasureAsync(CancellationToken cancellation)
    {
        var (start, callers) = (await Moment.TakeAsync(server, cancellation), Environment.CpuUsage.TotalTime);
        await Task.Delay(settings.Step, cancellation);
        var window = new Window(start, await Moment.TakeAsync(server, cancellation));
        return (window, new Cores((window.End.CpuTime - start.CpuTime) / window.Duration, (Environment.CpuUsage.TotalTime - callers) / window.Duration));
    }

    private async Task<(int From, int To)> AddAsync(Crowd crowd, List<Second> seconds, CancellationToken cancellation)
    {
        await Task.Delay(Settling, cancellation);
        var from = crowd.Now + 1;
        await Task.Delay(settings.Step, cancellation);
        var to = crowd.Now;
        seconds.AddRange(crowd.Between(from, to));
        return (from, to);
    }

    private static void Say(string words) => Console.Error.WriteLine("bench: " + words);
}
