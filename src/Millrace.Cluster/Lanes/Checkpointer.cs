using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// One thread that writes the checkpoints of one database. It holds at most one a partition: a newer incarnation's takes the place of its
/// predecessor's, which nobody would hear of any more. So nobody who brings one ever waits.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RefusedRetryEvery = TimeSpan.FromSeconds(1);

    private readonly IReadModel _readModel;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Job> _waiting = [];
    private readonly Queue<int> _turns = new();
    private readonly SemaphoreSlim _isWork = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, string> _refused = [];
    private readonly Thread _thread;
    private bool _isClosed;

    private sealed record Job(Partition Partition, PartitionCheckpoint Checkpoint, Action<LaneInput> Tell);

    /// <param name="number">Of the database, as <see cref="IJournal.WriterOf"/> gives it.</param>
    /// <param name="readModel">Of all databases.</param>
    /// <param name="logger">Told what is tried again.</param>
    public Checkpointer(int number, IReadModel readModel, ILogger logger)
    {
        (_readModel, _logger) = (readModel, logger);
        _thread = new Thread(Run) { Name = $"checkpointer-{number}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Partitions whose checkpoints the database refuses whatever is tried, and why. They serve until their memory is full.</summary>
    public IReadOnlyDictionary<int, string> Refused => _refused;

    /// <summary>Returns at once.</summary>
    /// <param name="partition">The incarnation it is of.</param>
    /// <param name="checkpoint">What to store.</param>
    /// <param name="tell">What became of it.</param>
    public void Store(Partition partition, PartitionCheckpoint checkpoint, Action<LaneInput> tell) => Queue(new Job(partition, checkpoint, tell), isNewest: true);

    public void Dispose()
    {
        if (_stopping.IsCancellationRequested)
            return;
        _stopping.Cancel();
        _thread.Join();
        lock (_lock)
            _isClosed = true;
        _isWork.Dispose();
        _stopping.Dispose();
    }

    private void Queue(Job job, bool isNewest)
    {
        lock (_lock)
        {
            if (_isClosed || (!isNewest && _waiting.ContainsKey(job.Partition.Id)))
                return;
            var isQueued = _waiting.ContainsKey(job.Partition.Id);
            _waiting[job.Partition.Id] = job;
            if (isQueued)
                return;
            _turns.Enqueue(job.Partition.Id);
            _isWork.Release();
        }
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                _isWork.Wait(_stopping.Token);
                Job job;
                lock (_lock)
                {
                    _waiting.Remove(_turns.Dequeue(), out var next);
                    job = next!;
                }

                Store(job);
            }
        }
        catch (OperationCanceledException)
        {
            // What is not stored is read from the journal again.
        }
    }

    private void Store(Job job)
    {
        var partition = job.Partition;
        try
        {
            var isCurrent = _readModel.CheckpointAsync(job.Checkpoint).AsTask().GetAwaiter().GetResult();
            if (_refused.TryRemove(partition.Id, out _) && isCurrent)
                LaneLog.CheckpointTaken(_logger, partition.Id);
            job.Tell(new LaneInput(isCurrent ? LaneInputKind.CheckpointStored : LaneInputKind.Fenced, partition.Id) { Incarnation = partition });
        }
        catch (Exception failure) when (failure is StoreUnavailableException or AmbiguousCommitException)
        {
            // The same rows again, behind those of others: a checkpoint is an upsert, so a repeat of an unclear one is harmless.
            LaneLog.CheckpointFailed(_logger, partition.Id, failure);
            _stopping.Token.WaitHandle.WaitOne(RetryEvery);
            Queue(job, isNewest: false);
        }
        catch (StoreRefusedException refused)
        {
            // A person must act, and may any time: it is tried again, and nobody else waits for it meanwhile.
            if (_refused.GetValueOrDefault(partition.Id) != refused.Message)
                LaneLog.CheckpointRefused(_logger, partition.Id, refused);
            _refused[partition.Id] = refused.Message;
            _ = Task.Delay(RefusedRetryEvery, _stopping.Token).ContinueWith(
                _ => Queue(job, isNewest: false), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
        catch (Exception failure)
        {
            // Damage, or a broken invariant: that partition stops loudly, and this thread goes on for its neighbours.
            job.Tell(new LaneInput(LaneInputKind.CheckpointFailed, partition.Id) { Incarnation = partition, Payload = failure });
        }
    }
}
