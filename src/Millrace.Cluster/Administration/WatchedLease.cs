namespace Millrace.Cluster.Administration;

/// <summary>How long a lease has been seen unchanged.</summary>
internal sealed class WatchedLease(TimeProvider time)
{
    private long _version = -1;
    private long _since;

    public bool IsUnchangedFor(long version, TimeSpan patience)
    {
        if (version == _version)
            return time.GetElapsedTime(_since) >= patience;
        (_version, _since) = (version, time.GetTimestamp());
        return false;
    }
}
