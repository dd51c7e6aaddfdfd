using System.Globalization;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;

namespace Millrace.Feed;

/// <summary>An event of an order, as those are told who follow all orders.</summary>
/// <param name="Partition">Whose journal has it.</param>
/// <param name="Epoch">The claim of the partition under which it was written.</param>
/// <param name="Seq">Of its record there.</param>
/// <param name="Index">In the record: one decision may give several events.</param>
/// <param name="Order">Whose event it is.</param>
/// <param name="Tenant">Whose order it is.</param>
/// <param name="Version">Of the order with it, from 1: an order's events come in this order, without a gap.</param>
/// <param name="Context">When, and on whose behalf.</param>
/// <param name="Fact">What happened.</param>
public sealed record FeedEvent(int Partition, long Epoch, long Seq, int Index, OrderId Order, TenantId Tenant, int Version, EventContext Context, OrderEvent Fact)
{
    // Epochs rise by one with each claim; a restored store begins with higher ones (docs/backup.md).
    private const long FirstEpochAfterRestore = 1_000_000;

    /// <summary>
    /// Unique in the store, and the same whenever it is told. In a restored store events come to places where the store that it was restored from had others:
    /// there the epoch tells them apart.
    /// </summary>
    public string Id => Epoch < FirstEpochAfterRestore ? $"{Partition}:{Seq}:{Index}" : $"{Partition}:{Seq}:{Index}:{Epoch}";

    public string Type => EventNames.Of(Fact);

    /// <summary>Whether a text has the form of an <see cref="Id"/>; there need be no such event.</summary>
    public static bool IsId(string text) =>
        text.Split(':') is { Length: 3 or 4 } parts && Array.TrueForAll(parts, static part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _));
}

/// <summary>Which events are wanted.</summary>
/// <param name="Tenant">Of this merchant's orders; null for all, which is for the installation itself.</param>
/// <param name="Types">Names as in <see cref="EventNames"/>; null for all.</param>
public sealed record FeedFilter(TenantId? Tenant, IReadOnlySet<string>? Types = null)
{
    public bool Takes(FeedEvent e) => (Tenant is not { } tenant || e.Tenant == tenant) && (Types is null || Types.Contains(e.Type));
}

/// <param name="Events">In each order's order.</param>
/// <param name="Next">What to ask with next. It moves on also where no event was wanted.</param>
/// <param name="HasMore">There was more than was looked at.</param>
/// <param name="IsIncomplete">A log was on its way to another database, and was left out: what it has is told later, from where it was.</param>
public sealed record FeedPage(IReadOnlyList<FeedEvent> Events, FeedCursor Next, bool HasMore, bool IsIncomplete);

/// <summary>What came after the cursor is not in the store: it is archived, or the store was restored to a moment before the cursor, whether or not it has gone on beyond it since.</summary>
public sealed class FeedGoneException() : Exception("The journal does not have what came after the cursor.");
