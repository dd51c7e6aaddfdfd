namespace Millrace.PspSimulator.Faults;

/// <summary>The settings in force and the one source of chance, seeded. Thread-safe.</summary>
internal sealed class FaultDice(int? seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = seed is { } value ? new Random(value) : new Random();
    private FaultSettings _settings = new();

    public FaultSettings Settings
    {
        get => Volatile.Read(ref _settings);
        set => Volatile.Write(ref _settings, value);
    }

    public bool Hits(double rate) => rate > 0 && Next() < rate;

    public TimeSpan Latency()
    {
        // The 99th percentile of the standard normal: p99 / p50 = exp(sigma × 2.326).
        const double normalP99 = 2.3263478740408408;
        var settings = Settings;
        if (settings.LatencyMsP50 <= 0)
            return TimeSpan.Zero;
        if (settings.LatencyMsP99 <= settings.LatencyMsP50)
            return TimeSpan.FromMilliseconds(settings.LatencyMsP50);
        var sigma = Math.Log(settings.LatencyMsP99 / settings.LatencyMsP50) / normalP99;
        var milliseconds = settings.LatencyMsP50 * Math.Exp(sigma * NextNormal());
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, FaultSettings.MaxLatencyMs));
    }

    /// <summary>Another order than it came in, for certain, when there are two or more.</summary>
    public void Disorder<T>(List<T> items) where T : class
    {
        var first = items.Count > 0 ? items[0] : null;
        lock (_gate)
        {
            _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items));
        }

        // A first item that is no longer first proves the disorder without comparing all.
        if (items.Count > 1 && ReferenceEquals(items[0], first))
            items.Reverse();
    }

    // Box–Muller; 1 − u keeps the logarithm off zero.
    private double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next());

    private double Next()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }
}
