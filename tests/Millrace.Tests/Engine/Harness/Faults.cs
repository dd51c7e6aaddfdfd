namespace Millrace.Tests.Engine.Harness;

/// <summary>What goes wrong, drawn from one seed. All rates are per event.</summary>
internal sealed class Faults(int seed)
{
    public Random Random { get; } = new(seed);

    /// <summary>Events happen in any order; without it in the order in which they arise.</summary>
    public bool Reorders { get; set; }

    public double Crash { get; set; }

    public double LoseMessage { get; set; }

    public double RepeatMessage { get; set; }

    public double FailRead { get; set; }

    public double FailCommit { get; set; }

    public bool Happens(double rate) => rate > 0 && Random.NextDouble() < rate;

    public void Stop()
    {
        Reorders = false;
        Crash = LoseMessage = RepeatMessage = FailRead = FailCommit = 0;
    }
}
