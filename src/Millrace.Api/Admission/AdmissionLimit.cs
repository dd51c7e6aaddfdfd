namespace Millrace.Api.Admission;

/// <summary>
/// How many requests are worked on at once: as many as are answered within the target. More would only wait in other queues, unseen. It grows
/// by a tenth while it is used up and answers come in time, and shrinks by a tenth when they do not (additive-increase would take minutes at these
/// rates; the loop is damped by its window instead). Not thread-safe.
/// </summary>
internal sealed class AdmissionLimit
{
    /// <summary>So few that even a slow disk's group commits have something to group.</summary>
    public const int Least = 64;

    /// <summary>As the lanes' mailboxes hold.</summary>
    public const int Most = 16_384;

    private const long WindowNs = 100_000_000;

    // In the middle of a window: half of the answers may take longer. A group commit with its turn of the lane takes 5 to 20 ms.
    private const long TargetNs = 50_000_000;
    private const int FewestSamples = 16;
    private long _windowEnd;
    private long _sumNs;
    private int _samples;
    private bool _wasReached;

    public int Value { get; private set; } = 1_024;

    /// <summary>Learns how long one request was worked on.</summary>
    /// <param name="now">Nanoseconds of a clock that never goes back.</param>
    /// <param name="tookNs">Without the time that it waited for its turn.</param>
    /// <param name="isReached">Whether others wait, or the limit was used up.</param>
    public void Add(long now, long tookNs, bool isReached)
    {
        // What was measured long ago says nothing of now.
        if (now > _windowEnd + WindowNs)
            (_sumNs, _samples, _wasReached, _windowEnd) = (0, 0, false, now + WindowNs);
        _sumNs += tookNs;
        _samples++;
        _wasReached |= isReached;
        if (now < _windowEnd)
            return;
        if (_samples >= FewestSamples)
        {
            if (_sumNs / _samples > TargetNs)
                Value = Math.Max(Least, Value * 9 / 10);
            else if (_wasReached)
                Value = Math.Min(Most, Value + Math.Max(1, Value / 10));
            (_sumNs, _samples, _wasReached) = (0, 0, false);
        }

        _windowEnd = now + WindowNs;
    }
}
