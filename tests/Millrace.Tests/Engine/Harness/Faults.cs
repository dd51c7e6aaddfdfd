namespace Millrace.Tests.Engine.Harness;

/// <summary>What goes wrong, as a share from 0 to 1, in tests that mean one thing. Everything at once is the simulator's.</summary>
internal sealed class Faults(int seed)
{
    public Random Random { get; } = new(seed);

    public double LoseMessage { get; set; }

    public double FailRead { get; set; }

    public double FailCommit { get; set; }

    public void Stop() => LoseMessage = FailRead = FailCommit = 0;

    public bool Happens(double rate) => rate > 0 && Random.NextDouble() < rate;
}
