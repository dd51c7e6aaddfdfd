namespace Millrace.Simulation.Checkers;

/// <summary>A promise that was not kept.</summary>
/// <param name="Invariant">Its number in <c>docs/guarantees.md</c>.</param>
/// <param name="Subject">The order, SKU or partition it is about.</param>
/// <param name="What">What was found, in a sentence.</param>
public sealed record Violation(int Invariant, string Subject, string What);

/// <summary>What a check looked at and what it found.</summary>
public sealed class CheckReport
{
    /// <summary>Beyond this many, violations are only counted: the first ones tell the story.</summary>
    public const int MaxListed = 1_000;

    private readonly List<Violation> _violations = [];
    private readonly Dictionary<int, long> _countByInvariant = [];

    public IReadOnlyList<Violation> Violations => _violations;

    public long ViolationCount { get; private set; }

    public long Orders { get; set; }

    public long Records { get; set; }

    public long Batches { get; set; }

    /// <summary>When the last event was decided; null without one.</summary>
    public long? LastAtUnixMs { get; set; }

    public long Items { get; set; }

    public long PspRecords { get; set; }

    public SortedDictionary<string, long> OrdersByStatus { get; } = new(StringComparer.Ordinal);

    /// <summary>Of one invariant, those that are not listed too.</summary>
    public long CountOf(int invariant) => _countByInvariant.GetValueOrDefault(invariant);

    public void Add(int invariant, string subject, string what)
    {
        ViolationCount++;
        _countByInvariant[invariant] = CountOf(invariant) + 1;
        if (_violations.Count < MaxListed)
            _violations.Add(new Violation(invariant, subject, what));
    }
}
