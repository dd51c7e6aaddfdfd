namespace Millrace.Webhooks.Endpoints;

/// <summary>What a tenant wants to be sent again.</summary>
/// <param name="Seq">Of the entry of the audit log that asks for it: replays are made in this order.</param>
/// <param name="Of">Which events.</param>
public sealed record Replay(long Seq, ReplayOf Of)
{
    public string Id => $"rpl_{Seq}";
}

/// <summary>Which events are to be sent again.</summary>
public abstract record ReplayOf
{
    private ReplayOf()
    {
    }

    /// <summary>One, by its id.</summary>
    public sealed record One(string EventId) : ReplayOf;

    /// <summary>Those of a time that the endpoint is to be told of, whether they were delivered or not.</summary>
    /// <param name="From">Inclusive.</param>
    /// <param name="Until">Exclusive.</param>
    public sealed record Range(DateTimeOffset From, DateTimeOffset Until) : ReplayOf;

    /// <summary>All that have failed for good.</summary>
    public sealed record Failed : ReplayOf;
}
