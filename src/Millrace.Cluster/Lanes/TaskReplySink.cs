using System.Diagnostics;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

/// <summary>A reply as a task.</summary>
internal class TaskReplySink : ReplySink
{
    // Asynchronous: the partition's thread must not run what the edge does with a reply.
    private readonly TaskCompletionSource<PartitionReply> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<PartitionReply> Task => _source.Task;

    public override void Complete(PartitionReply reply) => _source.TrySetResult(reply);

    /// <summary>One that knows the present trace, where there is one that somebody listens to.</summary>
    public static TaskReplySink Create() => Activity.Current is { Recorded: true } activity ? new TracedReplySink(activity.Context) : new TaskReplySink();
}

/// <param name="trace">Of the request: the commit that makes its effect durable links to it.</param>
internal sealed class TracedReplySink(ActivityContext trace) : TaskReplySink
{
    public ActivityContext Trace => trace;
}
