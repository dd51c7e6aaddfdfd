using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Lanes;
using Millrace.Cluster.Peers;
using Millrace.Domain.Identity;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Cluster;

/// <summary>What an operator may set of the runtime.</summary>
public sealed record PartitionRuntimeOptions
{
    /// <summary>Threads that run partitions, 1 to 64. One keeps two cores' worth of edge busy.</summary>
    public int Lanes { get; init; } = Math.Clamp(Environment.ProcessorCount / 4, 1, 64);

    /// <summary>Requests that wait for one lane; beyond it callers get 503 at once.</summary>
    public int MailboxLimit { get; init; } = 16_384;

    /// <summary>Shown as the owner of this node's partitions.</summary>
    public string Owner { get; init; } = "node";

    public PartitionOptions Partition { get; init; } = new();
}

/// <summary>
/// The partitions of this node: their lanes, the journal writer, and everything asynchronous that they ask for.
/// Thread-safe. Whoever places partitions calls <see cref="Start"/> and <see cref="StopAsync"/>; safety does not depend on it.
/// </summary>
public sealed class PartitionRuntime : IDisposable
{
    private static readonly TimeSpan ConfirmPatience = TimeSpan.FromSeconds(5);
    // Of one database. Long reads: orders and lists need the store's readers too.
    private const int MostNameReads = 2;

    private readonly IJournal _journal;
    private readonly IReadModel _readModel;
    private readonly IPaymentGateway _payments;
    private readonly TimeProvider _time;
    private readonly Recovery _recovery;
    private readonly PartitionHost[] _hosts;
    private readonly Lane[] _lanes;
    // One a database, so that none waits for another.
    private readonly JournalWriter[] _writers;
    private readonly Checkpointer[] _checkpointers;
    private int _format = PayloadFormat.Oldest;
    private readonly SemaphoreSlim[] _nameReads;
    private readonly CancellationTokenSource _stopping = new();

    public PartitionRuntime(
        IJournal journal, IReadModel readModel, IPaymentGateway payments, Catalog catalog, LaneMetrics metrics,
        PartitionRuntimeOptions options, TimeProvider time, ILogger<PartitionRuntime> logger)
    {
        _journal = journal;
        _readModel = readModel;
        _payments = payments;
        _time = time;
        Logger = logger;
        Catalog = catalog;
        Metrics = metrics;
        Map = new PartitionMap(journal.PartitionCount);
        Backlog = new Backlog(Map.Count);
        _recovery = new Recovery(journal, readModel, Map, options.Partition, options.Owner);
        _hosts = [.. Enumerable.Range(0, Map.Count).Select(id => new PartitionHost(id))];
        var lanes = Math.Min(options.Lanes, Map.Count);
        var writers = Enumerable.Range(0, journal.WriterCount).ToList();
        _writers = [.. writers.Select(number => new JournalWriter(number, journal, metrics, logger))];
        _nameReads = [.. writers.Select(_ => new SemaphoreSlim(MostNameReads))];
        _checkpointers = [.. writers.Select(number => new Checkpointer(number, readModel, logger))];
        _lanes = [.. Enumerable.Range(0, lanes).Select(i => new Lane(
            this, _hosts.Where(h => h.Id % lanes == i), Map.Count, options.MailboxLimit, $"lane-{i}"))];
        metrics.Watch(this);
        foreach (var lane in _lanes)
            lane.Start();
    }

    public PartitionMap Map { get; }

    public Catalog Catalog { get; }

    /// <summary>Every partition is served: here, or by another node as far as this one knows.</summary>
    public bool IsReady => Array.TrueForAll(_hosts, IsServed);

    /// <summary>Partitions that nobody serves, as far as this node knows.</summary>
    public int UnservedCount => _hosts.Count(h => !IsServed(h));

    /// <summary>Of the oldest order here that should have moved, as checkpoints show it; zero for none.</summary>
    public TimeSpan OldestAge => Backlog.OldestAge(NowMs);

    /// <summary>Inputs that wait for a lane.</summary>
    public int WaitingInputs => _lanes.Sum(lane => lane.MailboxDepth);

    /// <summary>For how long the oldest of them has waited; zero for none.</summary>
    public TimeSpan OldestInputAge => _lanes.Max(lane => lane.OldestAge);

    /// <summary>Whether the partition's state is here and its items are in the catalog.</summary>
    public bool IsHere(int partition) => _hosts[partition].State is PartitionState.Serving or PartitionState.Stalled;

    /// <summary>Where each partition stands, by its number.</summary>
    public IReadOnlyList<PartitionState> States => Array.ConvertAll(_hosts, h => h.State);

    /// <summary>Partitions of this node whose checkpoints the database refuses whatever is tried; an operator must act before their memory is full.</summary>
    public IReadOnlyCollection<int> RefusedCheckpoints => [.. _checkpointers.SelectMany(checkpointer => checkpointer.Refused.Keys).Order()];

    /// <summary>The other nodes; null where there are none.</summary>
    public PeerLinks? Peers { get; internal set; }

    /// <summary>The payload format that the store named last: what other nodes are known to read.</summary>
    public int Format => Volatile.Read(ref _format);

    /// <summary>Partitions of this node that were claimed before the format was raised, and write an earlier one.</summary>
    public IEnumerable<int> InEarlierFormat => Enumerable.Range(0, _hosts.Length).Where(partition => _hosts[partition].State == PartitionState.Serving && _hosts[partition].Format < Format);

    /// <summary>
    /// Told which orders of this node have changed, and to which version, once that is durable: at once when one is confirmed or ends, of any other change with
    /// the next checkpoint, about a second later; after a recovery again. Called on a lane's thread: it must not block. Null for nobody.
    /// </summary>
    public Action<OrderId, int>? OrderChanged { get; set; }

    internal bool IsStopping => _stopping.IsCancellationRequested;

    internal bool IsShared => _journal.IsShared;

    internal int WriterCount => _writers.Length;

    internal LaneMetrics Metrics { get; }

    internal Backlog Backlog { get; }

    internal ILogger Logger { get; }

    internal long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Claims and recovers the partition in the background, unless it is here already. Returns at once.</summary>
    public void Start(int partition) => Post(new LaneInput(LaneInputKind.Start, partition));

    /// <summary>The store's format, from a claim or from the node that raised it. It never goes back.</summary>
    public void Learn(int format)
    {
        for (var known = Format; format > known; known = Format)
            Interlocked.CompareExchange(ref _format, format, known);
    }

    /// <summary>Takes no more requests for the partition, makes durable what it decided, and gives the claim back.</summary>
    public Task StopAsync(int partition)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new LaneInput(LaneInputKind.Stop, partition) { Payload = stopped });
        return stopped.Task;
    }

    /// <summary>Claims the partition again. Returns at once.</summary>
    /// <param name="stays">Whether it is still to be here once its claim was given back. Asked on the lane, where a stop that comes after the answer
    /// is also carried out after the start.</param>
    public void Renew(int partition, Func<bool> stays) => _ = Task.Run(async () =>
    {
        await StopAsync(partition).ConfigureAwait(false);
        Post(new LaneInput(LaneInputKind.Start, partition) { Payload = stays });
    });

    /// <summary>Gives the request to its partition; the sink is completed in any case.</summary>
    public void Send(int partition, PartitionRequest request, ReplySink sink)
    {
        if ((uint)partition >= (uint)Map.Count)
            sink.Complete(new PartitionReply(ReplyStatus.NotFound));
        else if (!LaneOf(partition).TrySend(partition, request, sink))
            sink.Complete(PartitionReply.Unavailable("overloaded", "The partition's mailbox is full or closed; repeat with the same key."));
    }

    public void Dispose()
    {
        if (_stopping.IsCancellationRequested)
            return;
        _stopping.Cancel();
        foreach (var lane in _lanes)
            lane.Dispose();
        foreach (var writer in _writers)
            writer.Dispose();
        foreach (var checkpointer in _checkpointers)
            checkpointer.Dispose();
    }

    // By the directory, unless it is served here; what finds nobody is sent again by its partition.
    internal void Deliver(int source, int target, long firstSeq, List<PartitionMessage> messages)
    {
        if (Peers is null || IsHere(target))
            Post(new LaneInput(LaneInputKind.Delivery, target) { Peer = source, ChannelSeq = firstSeq, Payload = messages.ToArray() });
        else
            Peers.Deliver(source, target, firstSeq, messages);
    }

    internal void Acknowledge(int from, int source, long seq)
    {
        if (Peers is null || IsHere(source))
            Post(new LaneInput(LaneInputKind.Acknowledgement, source) { Peer = from, ChannelSeq = seq });
        else
            Peers.Acknowledge(from, source, seq);
    }

    internal void Post(in LaneInput input) => LaneOf(input.Partition).Post(input);

    /// <param name="attempt">Goes back with the result: one of an earlier attempt is not taken for this one's.</param>
    /// <param name="life">Ends when it is not to be recovered any more.</param>
    internal void Recover(Lane lane, int partition, long attempt, TimeSpan pause, CancellationToken life) => _ = Task.Run(async () =>
    {
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(life, _stopping.Token);
            await Task.Delay(pause, _time, end.Token).ConfigureAwait(false);
            lane.Post(new LaneInput(LaneInputKind.Recovered, partition) { ChannelSeq = attempt, Payload = await _recovery.RunAsync(partition, end.Token).ConfigureAwait(false) });
        }
        catch (Exception failure)
        {
            lane.Post(new LaneInput(LaneInputKind.RecoveryFailed, partition) { ChannelSeq = attempt, Payload = failure });
        }
    });

    internal void Confirm(Lane lane, Confirmation confirmation) => _ = Task.Run(async () =>
    {
        using var patience = new CancellationTokenSource(ConfirmPatience, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, patience.Token);
        bool[]? isCurrent = null;
        try
        {
            isCurrent = await _journal.ConfirmAsync(confirmation.Claims, limit.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LaneLog.ConfirmFailed(Logger, failure);
        }

        lane.Post(new LaneInput(LaneInputKind.Confirmed, -1) { Payload = confirmation with { IsCurrent = isCurrent } });
    });

    // Halts what is broken, and lets go of what is only another's by now. While the store cannot say which, nothing is served.
    internal void Judge(Lane lane, int partition, long attempt, long epoch, Exception failure) => _ = Task.Run(async () =>
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var isCurrent = (await _journal.ConfirmAsync([(partition, epoch)], _stopping.Token).ConfigureAwait(false))[0];
                lane.Post(new LaneInput(LaneInputKind.Judged, partition) { ChannelSeq = attempt, Payload = new Judgement(epoch, failure, isCurrent) });
                return;
            }
            catch (Exception cause) when (!_stopping.IsCancellationRequested)
            {
                LaneLog.ConfirmFailed(Logger, cause);
                await Task.Delay(ConfirmPatience, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    });

    internal void Pay(Lane lane, Partition partition, PaymentRequest request, CancellationToken life)
    {
        var execution = ExecuteAsync(request, life);
        if (execution.IsCompletedSuccessfully)
            lane.Post(LaneInput.Of(partition, request, execution.Result));
        else
            _ = FinishAsync(execution, outcome => LaneInput.Of(partition, request, outcome), lane);
    }

    internal void LoadOrder(Lane lane, Partition partition, OrderId id) => _ = Task.Run(async () =>
    {
        try
        {
            lane.Post(LaneInput.Of(partition, id, await _readModel.FindOrderAsync(id, _stopping.Token).ConfigureAwait(false)));
        }
        catch (Exception failure)
        {
            LaneLog.ReadFailed(Logger, partition.Id, failure);
            lane.Post(new LaneInput(LaneInputKind.ReadFailed, partition.Id) { Incarnation = partition, Order = id });
        }
    });

    internal void FindName(Lane lane, Partition partition, UInt128 hash) => _ = Task.Run(async () =>
    {
        try
        {
            lane.Post(LaneInput.Of(partition, hash, await _readModel.FindNameAsync(partition.Id, hash, _stopping.Token).ConfigureAwait(false)));
        }
        catch (Exception failure)
        {
            LaneLog.ReadFailed(Logger, partition.Id, failure);
            lane.Post(new LaneInput(LaneInputKind.ReadFailed, partition.Id) { Incarnation = partition, NameHash = hash });
        }
    });

    internal void ReadNames(Lane lane, Partition partition, TimeSpan pause, CancellationToken life) => _ = Task.Run(async () =>
    {
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(life, _stopping.Token);
            await Task.Delay(pause, _time, end.Token).ConfigureAwait(false);
            lane.Post(new LaneInput(LaneInputKind.NamesRead, partition.Id) { Incarnation = partition, Payload = await ReadNamesAsync(partition.Id, end.Token).ConfigureAwait(false) });
        }
        catch (Exception failure)
        {
            lane.Post(new LaneInput(LaneInputKind.NamesFailed, partition.Id) { Incarnation = partition, Payload = failure });
        }
    });

    private async Task<KeyFilter> ReadNamesAsync(int partition, CancellationToken cancellation)
    {
        var names = new KeyFilter();
        var turns = _nameReads[WriterOf(partition)];
        await turns.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _readModel.ReadNamesAsync(partition, names.Add, cancellation).ConfigureAwait(false);
        }
        finally
        {
            turns.Release();
        }

        return names;
    }

    internal int WriterOf(int partition) => _journal.WriterOf(partition);

    internal void Append(int writer, Lane lane, List<PartitionBatch> group, List<ActivityContext>? traces) => _writers[writer].Append(lane, group, traces);

    internal void Checkpoint(Lane lane, Partition partition, PartitionCheckpoint checkpoint, long nowMs)
    {
        Backlog.Note(partition.Id, checkpoint.Orders, nowMs);
        _checkpointers[WriterOf(partition.Id)].Store(partition, checkpoint, input => lane.Post(input));
    }

    // Whoever had it last goes after it; where somebody else has claimed it, nobody here does.
    /// <param name="stays">As of <see cref="Renew"/>.</param>
    internal void FollowIfMoved(int partition, long epoch, Func<bool> stays) => _ = Task.Run(async () =>
    {
        try
        {
            if (await _journal.HasMovedAsync(partition, epoch, _stopping.Token).ConfigureAwait(false))
                Post(new LaneInput(LaneInputKind.Start, partition) { Payload = stays });
        }
        catch (Exception failure)
        {
            LaneLog.FollowFailed(Logger, partition, failure);
        }
    });

    internal void Release(int partition, long epoch, TaskCompletionSource released) => _ = Task.Run(async () =>
    {
        try
        {
            await _journal.ReleaseAsync(partition, epoch, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // The release is a courtesy: the next owner's claim fences this one anyway.
            LaneLog.ReleaseFailed(Logger, partition, failure);
        }

        released.TrySetResult();
    });

    private bool IsServed(PartitionHost host) => IsHere(host.Id) || (Peers?.Owners[host.Id] is { } owner && owner != Peers.Self);

    private Lane LaneOf(int partition) => _lanes[partition % _lanes.Length];

    private async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken life)
    {
        try
        {
            return await _payments.ExecuteAsync(request, life).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (life.IsCancellationRequested)
        {
            // Nobody waits for it: the next incarnation asks again, and has the provider looked at first.
            return new PaymentOutcome.Unknown("stopping");
        }
        catch (Exception failure)
        {
            LaneLog.GatewayThrew(Logger, failure);
            return new PaymentOutcome.Unknown("gateway_fault");
        }
    }

    private static async Task FinishAsync(ValueTask<PaymentOutcome> execution, Func<PaymentOutcome, LaneInput> answer, Lane lane) =>
        lane.Post(answer(await execution.ConfigureAwait(false)));
}
