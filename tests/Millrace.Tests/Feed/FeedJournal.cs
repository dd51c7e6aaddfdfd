using System.Runtime.CompilerServices;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Tests.Domain;

namespace Millrace.Tests.Feed;

/// <summary>A journal that tests write word for word. Each write is one entry.</summary>
/// <param name="partitions">Of the store.</param>
/// <param name="isOneLog">As SQLite has it; else a log for each partition, as PostgreSQL.</param>
internal sealed class FeedJournal(int partitions, bool isOneLog) : IJournalFeed
{
    private readonly List<LogEntry>[] _logs = [.. Enumerable.Range(0, isOneLog ? 1 : partitions).Select(_ => new List<LogEntry>())];
    private readonly long[] _seqs = new long[partitions];
    private readonly Dictionary<OrderId, int> _versions = [];
    private ulong _orders;
    private int _logReads;

    public int LogCount => _logs.Length;

    public int Asked { get; private set; }

    public int LogReads => Volatile.Read(ref _logReads);

    /// <summary>Positions up to here are archived.</summary>
    public long Start { get; set; }

    /// <summary>Another one writes other checksums from here on.</summary>
    public int Life { get; set; }

    /// <summary>What answers wait for.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>A log that is on its way between databases.</summary>
    public int? Away { get; set; }

    public OrderId NewOrder(int partition) => Given.Id(partition, ++_orders);

    /// <summary>One decision of so many events; the first of an order places it.</summary>
    public void Decide(OrderId order, int events = 1, TenantId? tenant = null, int format = PayloadFormat.Newest)
    {
        var version = _versions.GetValueOrDefault(order);
        Tell(order, tenant, format, [.. Enumerable.Range(0, events).Select(OrderEvent (i) => version + i == 0
            ? new OrderEvent.Placed(Given.Placement() with { Tenant = tenant ?? Given.Acme })
            : new OrderEvent.Resumed($"event {version + i + 1}"))]);
    }

    /// <summary>One decision, word for word.</summary>
    public void Tell(OrderId order, params OrderEvent[] facts) => Tell(order, null, PayloadFormat.Newest, facts);

    /// <summary>The order's history.</summary>
    public byte[] DocumentOf(OrderId order) =>
    [
        .. _logs.SelectMany(log => log).SelectMany(entry => entry.Batches).SelectMany(batch => RecordCodec.Read(batch.Payload)).OfType<JournalRecord.OrderDecided>()
            .Where(decided => decided.Order == order).SelectMany(decided => decided.Bytes.ToArray()),
    ];

    private void Tell(OrderId order, TenantId? tenant, int format, OrderEvent[] facts) => Write(order.Partition, w =>
    {
        var version = _versions.GetValueOrDefault(order);
        _versions[order] = version + facts.Length;
        OrderMark? mark = version == 0 || format < PayloadFormat.WithOrderMarks ? null : new OrderMark(tenant ?? Given.Acme, version);
        RecordCodec.WriteOrderDecided(w, order, new EventContext(Given.NowMs, Given.Shop), [.. facts], mark);
    }, format);

    public async ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
    {
        Asked++;
        var bounds = _logs.Select((log, i) => i == Away ? LogBounds.Away : new LogBounds(Start, log.Count == 0 ? 0 : log[^1].End)).ToArray();
        if (Gate is not null)
            await Gate.Task;
        return bounds;
    }

    public async IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await ValueTask.CompletedTask;
        Interlocked.Increment(ref _logReads);
        LogEntry[] entries;
        lock (_logs)
            entries = [.. _logs[log]];
        foreach (var entry in entries.Where(entry => entry.End > after && entry.End <= end))
            yield return entry;
    }

    private void Write(int partition, Action<PayloadWriter> record, int format)
    {
        var w = new PayloadWriter();
        w.Byte((byte)format);
        record(w);
        var seq = ++_seqs[partition];
        var log = _logs[isOneLog ? 0 : partition];
        lock (_logs)
        {
            var before = log.Count == 0 ? 0 : log[^1].Chain;
            var chain = (before * 31) + (ulong)seq + (ulong)(Life * 1_000_003);
            log.Add(new LogEntry(isOneLog ? log.Count + 1 : seq, [new PartitionBatch(partition, 1, seq, seq, before, chain, w.ToArray())], before, chain));
        }
    }
}
