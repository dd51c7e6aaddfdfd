namespace Millrace.OperatorConsole;

/// <summary>What an operator chooses for the console.</summary>
public sealed record ConsoleOptions
{
    /// <summary>Where sessions' keys are kept, so that a restart signs nobody out; null to forget them with the process.</summary>
    public string? KeysDirectory { get; init; }

    /// <summary>Set by the demo alone: whoever comes is signed in, and there are knobs that break things.</summary>
    public DemoControls? Demo { get; init; }
}

/// <summary>What the demo lets a visitor do.</summary>
/// <param name="ApiKey">Visitors act with it.</param>
/// <param name="Psp">The simulator, which takes its faults over HTTP.</param>
public sealed record DemoControls(string ApiKey, Uri Psp)
{
    private double _rate;

    /// <summary>Orders a second that the demo's shop places.</summary>
    public double Rate
    {
        get => Volatile.Read(ref _rate);
        set => Volatile.Write(ref _rate, Math.Clamp(value, 0, 1_000));
    }
}
