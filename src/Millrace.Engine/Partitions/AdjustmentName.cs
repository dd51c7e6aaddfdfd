using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Partitions;

/// <summary>
/// What the key of a stock adjustment leads to. A key is a name like an order's, but there is no order: where an order's id has random bits, this has a hash
/// of what was asked for, so that a repeat can be told from another adjustment under the same key.
/// </summary>
internal static class AdjustmentName
{
    public static OrderId Of(StockEvent.Adjusted fact, long atMs, int partition) =>
        OrderId.Create(atMs, partition, Hash(fact.Sku, fact.Location, fact.Delta, fact.Reason));

    /// <summary>Whether the adjustment that the key was used for first is this one.</summary>
    public static bool IsOf(OrderId name, StockCommand.Adjust again) =>
        HasBits(name, Hash(again.Sku, again.Location, again.Delta, again.Reason))
        // Stores of before 2026-11-27 have the key's own bits here: what was asked for is not known, and counts as the same.
        || HasBits(name, (ulong)again.KeyHash);

    private static bool HasBits(OrderId name, ulong bits) => OrderId.Create(name.CreatedAtUnixMs, name.Partition, bits) == name;

    // The free text stands last: nothing else can contain a line break.
    private static ulong Hash(string sku, string location, long delta, string reason) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sku}\n{location}\n{delta}\n{reason}")));
}
