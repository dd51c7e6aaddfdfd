namespace Millrace.Cli.Bench.Overload;

/// <summary>What <c>bench overload</c> was asked for.</summary>
/// <param name="Step">How long each rate is kept.</param>
/// <param name="Callers">Connections, over all tenants that behave.</param>
/// <param name="HeedsRetryAfter">False: whoever is refused asks again at once.</param>
/// <param name="Plot">Where the picture goes; null for none.</param>
internal sealed record OverloadSettings(TimeSpan Step, int Callers, bool HeedsRetryAfter, string? Plot)
{
    /// <summary>Tenants that behave.</summary>
    public const int Tenants = 4;

    /// <summary>That a server bears at a time, whoever they are (docs/hostile-input.md); whom it turns away beyond them tells of that limit alone.</summary>
    public const int MostConnections = 20_000;

    // For the bench's own, and for those that a crowd has closed and the server not yet.
    private const int Spare = 1_000;

    /// <summary>Beside them there are those of the noisy tenant, as many as of one that behaves.</summary>
    public const int MostCallers = (MostConnections - Spare) / (Tenants + 1) * Tenants;

    /// <summary>Times the measured maximum.</summary>
    public static IReadOnlyList<double> Steps { get; } = [1, 2, 3, 5, 7, 10];
}
