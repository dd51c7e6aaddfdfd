using System.Globalization;
using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary><c>--speed</c>: how many times faster than the sales happened, or as fast as it goes.</summary>
internal sealed class Pace(double? speed, TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();
    private DateTime? _first;

    /// <returns>Null for max.</returns>
    public static double? ParseSpeed(string text)
    {
        if (text == "max")
            return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var speed) && speed > 0
            ? speed
            : throw new UsageException($"'{text}' is no speed: write max, or a factor such as 1000.");
    }

    /// <summary>Waits until the sale is due.</summary>
    public async Task WaitAsync(DateTime date, CancellationToken cancellation)
    {
        if (speed is not { } factor || date == default)
            return;
        _first ??= date;
        var due = (date - _first.Value) / factor - time.GetElapsedTime(_startedAt);
        if (due > TimeSpan.Zero)
            await Task.Delay(due, time, cancellation);
    }
}
