namespace Millrace.Cli.Bench.Overload;

/// <summary>One rate, kept for a while, as callers saw it.</summary>
/// <param name="Times">Of the measured maximum.</param>
/// <param name="Offered">Orders a second that callers meant to place.</param>
/// <param name="Goodput">Orders a second that the store confirmed, less a backlog that grew.</param>
/// <param name="Seen">By the callers.</param>
/// <param name="Cores">Who had the machine meanwhile.</param>
internal sealed record OverloadStep(double Times, double Offered, double Goodput, Seen Seen, Cores Cores);

/// <summary>Whose processor time a second of a measurement was, in cores.</summary>
internal readonly record struct Cores(double Server, double Callers);

/// <param name="Maximum">Orders a second to confirmed that the same callers reach when each asks as soon as it is answered.</param>
/// <param name="MaximumCores">Who had the machine then.</param>
/// <param name="RecoverySeconds">From the end of the last step until answers are as they were before the first; null when that did not come in time.</param>
/// <param name="Quiet">By the tenants that behave, alone.</param>
/// <param name="Noisy">By the same, beside one that asks for 50 times its quota.</param>
/// <param name="NoisyAccepted">Orders a second of that one.</param>
/// <param name="NoisyQuota">What it may.</param>
internal sealed record OverloadResult(
    double Maximum, Cores MaximumCores, IReadOnlyList<OverloadStep> Steps, double? RecoverySeconds, Seen Quiet, Seen Noisy, double NoisyAccepted, double NoisyQuota,
    IReadOnlyList<OverloadPoint> Course)
{
    public int Violations { get; init; }

    /// <summary>Answers of all callers, at any time of the run, that neither accepted nor refused, and broken connections.</summary>
    public long Failed { get; init; }

    public bool IsGood => Violations == 0 && Failed == 0;

    /// <summary>The worst step's.</summary>
    public double GoodputRatio => Steps.Min(step => step.Goodput) / Maximum;

    /// <summary>The worst step's orders for a second of the server's own processor time, of those at the maximum: what overload costs the server itself, whatever its callers take of the same cores.</summary>
    public double GoodputPerCpuRatio => Steps.Min(step => step.Goodput / step.Cores.Server) / (Maximum / MaximumCores.Server);

    public double? AcceptedP99Ms => Steps.Max(step => step.Seen.P99Ms);

    /// <summary>Since the orders were due. Of those that were accepted: what was refused, given up or failed meanwhile has no time.</summary>
    public double? OthersP99Increase => (Noisy.SinceDueP99Ms / Quiet.SinceDueP99Ms) - 1;
}

/// <summary>One second of the whole course, for the picture.</summary>
internal readonly record struct OverloadPoint(int Second, double Offered, double Accepted, double Refused, double Failed, double P99Ms);
