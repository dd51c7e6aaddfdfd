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

    /// <summary>Times the measured maximum.</summary>
    public static IReadOnlyList<double> Steps { get; } = [1, 2, 3, 5, 7, 10];
}
