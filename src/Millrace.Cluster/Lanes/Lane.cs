using System.Diagnostics;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// One thread that runs many partitions: it takes all inputs there are, lets the partitions decide, and hands
/// what they decided to the journal as one group as soon as the previous group is durable. Partitions of one
/// lane talk without locks or queues.
/// </summary>
internal sealed partial class Lane : IDisposable
{
    // While a group is in flight, what is decided meanwhile can only join the next one: to wake for each request would cost
    // more than deciding it. A full house is still worth it, so that deciding overlaps with the commit.
    private const int RequestsWorthATurn = 64;

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(250);

    private readonly PartitionRuntime _runtime;
    private readonly PartitionHost?[] _hosts;
    private readonly List<PartitionHost> _mine;
    private readonly Queue<PartitionHost> _touched = new();
    private readonly List<PartitionMessage> _run = [];
    private readonly LaneMailbox _mailbox;
    private readonly Thread _thread;
    private long _tickedAtMs;
    private long _retryAtMs;
    // One a writer: while it is, what is decided for that database is the next group, and grows.
    private readonly bool[] _isGroupInFlight;
    private bool _isAnyWriterFree = true;
    private volatile bool _isStopping;

    public Lane(PartitionRuntime runtime, IEnumerable<PartitionHost> hosts, int partitionCount, int mailboxLimit, string name)
    {
        _runtime = runtime;
        _mine = [.. hosts];
        _hosts = new PartitionHost?[partitionCount];
        foreach (var host in _mine)
            _hosts[host.Id] = host;
        _mailbox = new LaneMailbox(mailboxLimit);
        _isGroupInFlight = new bool[runtime.WriterCount];
        _confirming = new Confirmation?[runtime.WriterCount];
        _askedAllAtMs = new long[runtime.WriterCount];
        _traced = new List<ActivityContext>?[runtime.WriterCount];
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public int MailboxDepth => _mailbox.Depth;

    public TimeSpan OldestAge => _mailbox.OldestAge;

    public void Start() => _thread.Start();

    public bool TrySend(int partition, PartitionRequest request, ReplySink sink) =>
        _mailbox.TryPostRequest(LaneInput.Of(partition, request, sink), isUrgent: request is PartitionRequest.ReadOrder or PartitionRequest.ReadItem);

    public void Post(in LaneInput input)
    {
        // The lane has ended, and with it what it ran; an answer to it finds nobody.
        if (!_mailbox.Post(input) && input.Kind == LaneInputKind.Stop)
            ((TaskCompletionSource)input.Payload!).TrySetResult();
    }

    public void GroupWritten(GroupResult result) => Post(new LaneInput(LaneInputKind.GroupWritten, -1) { Payload = result });

    public void Dispose()
    {
        _isStopping = true;
        Post(new LaneInput(LaneInputKind.Run, -1));
        _thread.Join();
    }

    private void Run()
    {
        var inputs = new List<LaneInput>(1024);
        while (!_isStopping)
        {
            inputs = _mailbox.TakeAll(inputs, _isAnyWriterFree ? 1 : RequestsWorthATurn, TickEvery);
            var nowMs = _runtime.NowMs;
            foreach (ref readonly var input in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inputs))
                Take(input, nowMs);
            inputs.Clear();
            // Also when the clock was set back: a tick too many does no harm.
            if (nowMs - _tickedAtMs >= TickEvery.TotalMilliseconds || nowMs < _tickedAtMs)
                Tick(nowMs);
            DrainTouched(nowMs);
            Confirm(nowMs);
            FinishStops();
            HandOver();
        }

        foreach (var host in _mine)
        {
            Drop(host, PartitionState.Stopped, "The node is stopping.");
            host.Stopping?.TrySetResult();
        }

        // The answer to it would find nobody.
        foreach (var unanswered in _confirming)
        {
            if (unanswered is not null)
                TakeConfirmation(unanswered);
        }

        foreach (var input in _mailbox.Close())
        {
            if (input.Kind == LaneInputKind.Request)
                ((ReplySink)input.Second!).Complete(PartitionReply.Unavailable("partition_unavailable", "The node is stopping."));
            else if (input.Kind == LaneInputKind.Stop)
                ((TaskCompletionSource)input.Payload!).TrySetResult();
        }
    }

    private void Tick(long nowMs)
    {
        _tickedAtMs = nowMs;
        foreach (var host in _mine)
        {
            if (host.State == PartitionState.Serving && host.Stopping is null)
                Guard(host, static (partition, now) => partition.Tick(now), nowMs);
        }
    }

    private void HandOver()
    {
        _isAnyWriterFree = false;
        for (var writer = 0; writer < _isGroupInFlight.Length; writer++)
        {
            if (!_isGroupInFlight[writer])
                HandOver(writer);
        }
    }

    // Where there is nothing to commit, the next request is worth a turn; not for a writer that no partition here has.
    private void HandOver(int writer)
    {
        List<PartitionBatch>? group = null;
        var isUsed = _isGroupInFlight.Length == 1;
        foreach (var host in _mine)
        {
            if (host.Partition is not { } partition || _runtime.WriterOf(host.Id) != writer)
                continue;
            isUsed = true;
            var batch = host.State switch
            {
                PartitionState.Serving => partition.TakeBatch(),
                // A clock that was set back must not hold it up.
                PartitionState.Stalled when _runtime.NowMs >= _retryAtMs || _retryAtMs - _runtime.NowMs > RetryEvery.TotalMilliseconds => host.Refused,
                _ => null,
            };
            if (batch is not null)
                (group ??= new List<PartitionBatch>(_mine.Count)).Add(batch);
        }

        // Also where nothing came of them.
        var traces = TakeTraces(writer);
        if (group is null)
        {
            _isAnyWriterFree |= isUsed;
            return;
        }

        _isGroupInFlight[writer] = true;
        _runtime.Append(writer, this, group, traces);
    }

    private void Touch(PartitionHost host)
    {
        if (host.IsTouched)
            return;
        host.IsTouched = true;
        _touched.Enqueue(host);
    }

    // An exception out of a partition is a broken invariant: that partition stops loudly, its neighbours go on.
    private void Guard<T>(PartitionHost host, Action<Partition, T> action, T argument)
    {
        try
        {
            action(host.Partition!, argument);
            Touch(host);
        }
        catch (Exception failure)
        {
            Suspect(host, failure);
        }
    }

    private void Halt(PartitionHost host, Exception failure)
    {
        LaneLog.Halted(_runtime.Logger, host.Id, failure);
        Drop(host, PartitionState.Halted, "The partition is halted.");
    }

    /// <summary>Throws the incarnation away; nobody who waits is left without an answer.</summary>
    private void Drop(PartitionHost host, PartitionState state, string reason)
    {
        host.State = state;
        host.EndLife();
        host.Refused = null;
        host.IsTouched = false;
        _runtime.Backlog.Forget(host.Id);
        foreach (var (sink, _, _) in host.Unconfirmed)
            sink.Complete(PartitionReply.Unavailable("partition_unavailable", reason));
        host.Unconfirmed = [];
        if (host.Partition is not { } partition)
            return;
        host.Partition = null;
        foreach (var (sink, reply, _) in partition.Abandon(reason))
            sink.Complete(reply);
    }
}
