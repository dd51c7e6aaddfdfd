using Millrace.Engine.Requests;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>A caller that waits for one answer.</summary>
internal sealed class RecordingSink : ReplySink
{
    /// <summary>Null while nothing has left the partition.</summary>
    public PartitionReply? Reply { get; private set; }

    public ReplyStatus? Status => Reply?.Status;

    public override void Complete(PartitionReply reply)
    {
        Assert.True(Reply is null, $"Answered twice: {Reply?.Status}, {reply.Status}.");
        Reply = reply;
    }
}
