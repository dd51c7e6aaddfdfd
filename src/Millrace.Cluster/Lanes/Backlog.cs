using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// The orders of this node that should move, as checkpoints show them: what changed is in a checkpoint within a second or so, and what stands still
/// was in an earlier one. So the age of the oldest is known without asking the partitions anything, and without a cost that grows with their speed.
/// Thread-safe.
/// </summary>
internal sealed class Backlog(int partitions)
{
    // As many as a partition lets be on their way. Beyond it the new ones are left out: they are the youngest.
    private const int MostTracked = 4_096;

    // Of a young one it need not be known whether it is on hold, nor what it waits for.
    private const long JudgedAfterMs = 3_000;

    // Of a partition at once, whose lane waits meanwhile: each costs a few microseconds, once for each change of its order.
    private const int MostJudged = 64;

    private static readonly int StageCount = Enum.GetValues<BacklogStage>().Length;
    private readonly Dictionary<OrderId, Tracked>[] _orders = [.. Enumerable.Range(0, partitions).Select(_ => new Dictionary<OrderId, Tracked>())];

    /// <param name="SinceUnixMs">Since when it should have moved, as far as that is known: a judged one was let go on then, or was never held up.</param>
    /// <param name="Document">Null once it is judged: it is not on hold.</param>
    /// <param name="Stage">Known with it.</param>
    private readonly record struct Tracked(long SinceUnixMs, ReadOnlyMemory<byte>? Document, BacklogStage Stage);

    public int Count
    {
        get
        {
            var count = 0;
            foreach (var orders in _orders)
            {
                lock (orders)
                    count += orders.Count;
            }

            return count;
        }
    }

    /// <summary>The partition is recovered with these; what the tail says of them comes with its next checkpoint.</summary>
    public void Restart(int partition, IReadOnlyList<OrderRow> due, long nowMs)
    {
        Forget(partition);
        Note(partition, due, nowMs);
    }

    /// <summary>The partition is not here any more.</summary>
    public void Forget(int partition)
    {
        var orders = _orders[partition];
        lock (orders)
            orders.Clear();
    }

    /// <param name="rows">Orders that changed.</param>
    public void Note(int partition, IReadOnlyList<OrderRow> rows, long nowMs)
    {
        var orders = _orders[partition];
        lock (orders)
        {
            for (var i = 0; i < rows.Count; i++)
                Note(orders, rows[i], nowMs);
        }
    }

    /// <summary>Of the oldest that should have moved; zero for none.</summary>
    public TimeSpan OldestAge(long nowMs)
    {
        var oldest = nowMs;
        foreach (var orders in _orders)
        {
            lock (orders)
            {
                // What is removed or judged in passing does not disturb the enumeration.
                foreach (var (id, tracked) in orders)
                {
                    if (tracked.SinceUnixMs < oldest && Judged(orders, id, tracked, nowMs) is { } judged)
                        oldest = Math.Min(oldest, judged.SinceUnixMs);
                }
            }
        }

        return TimeSpan.FromMilliseconds(nowMs - oldest);
    }

    /// <summary>By <see cref="BacklogStage"/>. Of very many that stand still at once, some are counted to their stage a few readings later.</summary>
    public StageBacklog[] Stages(long nowMs)
    {
        var counts = new int[StageCount];
        var oldest = Enumerable.Repeat(nowMs, StageCount).ToArray();
        foreach (var orders in _orders)
        {
            lock (orders)
            {
                var judged = 0;
                foreach (var (id, known) in orders)
                {
                    var tracked = known;
                    if (known.Document is not null && nowMs - known.SinceUnixMs >= JudgedAfterMs && judged++ < MostJudged)
                    {
                        if (Judged(orders, id, known, nowMs) is not { } found)
                            continue;
                        tracked = found;
                    }

                    counts[(int)tracked.Stage]++;
                    oldest[(int)tracked.Stage] = Math.Min(oldest[(int)tracked.Stage], tracked.SinceUnixMs);
                }
            }
        }

        return [.. counts.Select((count, stage) => new StageBacklog(count, TimeSpan.FromMilliseconds(nowMs - oldest[stage])))];
    }

    /// <summary>Whether it is to go on by itself. A confirmed order that has something due may only be on hold, and there is no bound for those.</summary>
    public static bool ShouldMove(in OrderRow row) =>
        row.Attention is null && (row.Status == OrderStatus.Pending || (row.DueAtUnixMs is not null && IsPaying(row.Id, row.Document)));

    private static void Note(Dictionary<OrderId, Tracked> orders, in OrderRow row, long nowMs)
    {
        var isPending = row.Status == OrderStatus.Pending;
        if (!ShouldMove(row))
        {
            if (orders.Count > 0)
                orders.Remove(row.Id);
            return;
        }

        var isKnown = orders.TryGetValue(row.Id, out var before);
        if (isKnown || orders.Count < MostTracked)
        {
            orders[row.Id] = new Tracked(
                isKnown ? before.SinceUnixMs : isPending ? Math.Min(nowMs, BegunAt(row.Document)) : nowMs,
                // Not null alone: that is an empty document.
                isPending ? row.Document : (ReadOnlyMemory<byte>?)null,
                isPending ? BacklogStage.Next : BacklogStage.Payment);
        }
    }

    // By the clock of its owner then, and not by its id: that was made by the clock of whichever node it came through.
    private static long BegunAt(ReadOnlyMemory<byte> document) => OrderDocument.Read(document).First().Context.AtUnixMs;

    /// <returns>Null when it need not move.</returns>
    private static Tracked? Judged(Dictionary<OrderId, Tracked> orders, OrderId id, Tracked tracked, long nowMs)
    {
        if (tracked.Document is not { } document || nowMs - tracked.SinceUnixMs < JudgedAfterMs)
            return tracked;
        var order = OrderDocument.Fold(id, document);
        if (order is { Holds.Length: > 0, Closing: null, Payment.Pending: null })
        {
            orders.Remove(id);
            return null;
        }

        return orders[id] = new Tracked(Math.Max(tracked.SinceUnixMs, LetGoOnAt(document)), null, order is null ? BacklogStage.Next : StageOf(order));
    }

    // While a person was waited for it could not move: that is no age of ours, and must not keep new orders out once many are let go on.
    private static long LetGoOnAt(ReadOnlyMemory<byte> document)
    {
        var at = 0L;
        foreach (var recorded in OrderDocument.Read(document))
        {
            if (recorded.Fact is OrderEvent.Resumed or OrderEvent.HoldReleased)
                at = recorded.Context.AtUnixMs;
        }

        return at;
    }

    private static BacklogStage StageOf(Order order)
    {
        if (order.Payment.Pending is not null)
            return BacklogStage.Payment;
        if (order.ExternalIdStatus == ExternalIdStatus.Requested)
            return BacklogStage.ExternalId;
        return Array.Exists(order.StockParts, part => part.IsInFlight) ? BacklogStage.Stock : BacklogStage.Next;
    }

    private static bool IsPaying(OrderId id, ReadOnlyMemory<byte> document) => OrderDocument.Fold(id, document)?.Payment.Pending is not null;
}
