using Millrace.Cli.Bench.Metrics;

namespace Millrace.Cli.Bench;

/// <summary>The server at one moment.</summary>
internal sealed record Moment(long Timestamp, ServerMetrics Metrics, TimeSpan CpuTime, long ResidentBytes)
{
    public static async Task<Moment> TakeAsync(BenchServer server, CancellationToken cancellation)
    {
        var metrics = await server.ReadMetricsAsync(cancellation);
        return new Moment(TimeProvider.System.GetTimestamp(), metrics, server.CpuTime, server.ResidentBytes);
    }
}

/// <summary>The steady state: what happened between two moments under load.</summary>
internal sealed record Window(Moment Start, Moment End)
{
    private readonly BucketHistogram _confirm = End.Metrics.ConfirmSeconds.Since(Start.Metrics.ConfirmSeconds);

    public TimeSpan Duration => TimeProvider.System.GetElapsedTime(Start.Timestamp, End.Timestamp);

    public double Accepted => End.Metrics.Accepted - Start.Metrics.Accepted;

    public double Confirmed => End.Metrics.Confirmed - Start.Metrics.Confirmed;

    /// <summary>By how much more is unfinished at the end than at the start.</summary>
    public double BacklogGrowth => Math.Max(0, End.Metrics.Backlog - Start.Metrics.Backlog);

    /// <summary>
    /// Orders that count: confirmed, but no more than were accepted meanwhile (an earlier backlog is no speed), less what was
    /// accepted and left lying (a growing backlog is no steady state).
    /// </summary>
    public double Orders => Math.Max(0, Math.Min(Confirmed, Accepted) - BacklogGrowth);

    public double OrdersPerSecond => Orders / Duration.TotalSeconds;

    public double CpuMicrosecondsPerOrder => Confirmed > 0 ? (End.CpuTime - Start.CpuTime).TotalMicroseconds / Confirmed : 0;

    /// <summary>Decisions that shared one journal row; several rows share a commit.</summary>
    public double? RecordsPerBatch =>
        End.Metrics.Batches > Start.Metrics.Batches ? (End.Metrics.Records - Start.Metrics.Records) / (End.Metrics.Batches - Start.Metrics.Batches) : null;

    public double? GcPauseShare => End.Metrics.GcPause - Start.Metrics.GcPause is { } pause ? pause / Duration : null;

    public double? ConfirmMs(double share) => _confirm.Quantile(share) * 1000;
}
