using Millrace.Api.Auditing;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Auditing;

/// <summary>What was found since the node was started: each violation is told once, however often the sweep comes by. Not thread-safe.</summary>
internal sealed partial class AuditFindings(AuditorMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>How many are shown, the last ones.</summary>
    public const int MostShown = 100;

    /// <summary>Beyond so many different ones the store as a whole is the finding, and no more are counted.</summary>
    public const int MostKnown = 10_000;

    private readonly HashSet<(int Invariant, string Subject)> _known = [];
    private readonly Queue<AuditorFinding> _last = new(MostShown);

    public long Count => _known.Count;

    /// <summary>The last of them, newest first.</summary>
    public IReadOnlyList<AuditorFinding> Last { get; private set; } = [];

    public void Add(IEnumerable<Violation> violations)
    {
        foreach (var violation in violations)
        {
            if (_known.Count == MostKnown || !_known.Add((violation.Invariant, violation.Subject)))
                continue;
            var promise = Invariants.NameOf(violation.Invariant);
            Broken(logger, violation.Invariant, promise, violation.Subject);
            metrics.Found(violation.Invariant);
            if (_last.Count == MostShown)
                _last.Dequeue();
            _last.Enqueue(new AuditorFinding(time.GetUtcNow(), violation.Invariant, promise, violation.Subject, violation.What));
            Last = [.. _last.Reverse()];
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Promise {Invariant} is broken ({Promise}) in the store: {Subject}. GET /v1/auditor tells what was found.")]
    private static partial void Broken(ILogger logger, int invariant, string promise, string subject);
}
