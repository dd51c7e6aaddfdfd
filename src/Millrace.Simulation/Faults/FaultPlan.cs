namespace Millrace.Simulation.Faults;

/// <summary>How much of each fault a seed has: 0 off, 1 ordinary, above 1 extreme. Drawn once; a shrinker may take faults out.</summary>
public sealed class FaultPlan
{
    private const double Extreme = 5;
    private readonly double[] _strength = new double[Enum.GetValues<FaultKind>().Length];

    private FaultPlan(double[] strength) => _strength = strength;

    public double this[FaultKind kind] => _strength[(int)kind];

    public bool Has(FaultKind kind) => this[kind] > 0;

    /// <summary>Half of the faults are off, some are extreme: bugs hide behind combinations, and behind the absence of them.</summary>
    internal static FaultPlan Draw(Dice dice)
    {
        var strength = new double[Enum.GetValues<FaultKind>().Length];
        for (var i = 0; i < strength.Length; i++)
        {
            strength[i] = dice.Below(20) switch
            {
                < 9 => 0,
                < 17 => 1,
                _ => Extreme,
            };
        }

        return new FaultPlan(strength);
    }

    public FaultPlan Without(FaultKind kind)
    {
        var strength = (double[])_strength.Clone();
        strength[(int)kind] = 0;
        return new FaultPlan(strength);
    }

    public IEnumerable<FaultKind> Kinds => Enum.GetValues<FaultKind>().Where(Has);

    public override string ToString() =>
        string.Join(", ", Kinds.Select(k => this[k] > 1 ? $"{k} (extreme)" : k.ToString()));
}
