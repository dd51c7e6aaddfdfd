namespace Millrace.Reconciliation;

/// <summary>How the two records are compared.</summary>
public sealed record ReconciliationOptions
{
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromMinutes(1);

    /// <summary>How long one side may be behind the other before an operation is looked up.</summary>
    public TimeSpan Grace { get; init; } = DefaultGrace;

    /// <summary>Operations that may wait for their other side, in memory.</summary>
    public int MostWaiting { get; init; } = 50_000;

    /// <summary>Between two looks at the breaks that are open.</summary>
    public TimeSpan LookAgainAfter { get; init; } = TimeSpan.FromSeconds(15);
}
