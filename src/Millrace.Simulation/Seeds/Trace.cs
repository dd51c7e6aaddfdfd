namespace Millrace.Simulation.Seeds;

/// <summary>The last things that happened, for a person to read.</summary>
internal sealed class Trace(Time.Schedule schedule, int limit)
{
    private readonly Queue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public void Add(string what)
    {
        if (_lines.Count == limit)
            _lines.Dequeue();
        _lines.Enqueue(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{schedule.NowUs / 1e6,12:F6}  {what}"));
    }
}
