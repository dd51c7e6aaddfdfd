using System.Diagnostics;
using Millrace.Engine.Requests;

namespace Millrace.Cluster.Lanes;

/// <summary>Which requests the next group makes durable, as far as somebody traces them. What an order does by itself later is of no request.</summary>
internal sealed partial class Lane
{
    // As many links as a span keeps by default.
    private const int MostTraced = 128;

    // One a writer, like the groups.
    private readonly List<ActivityContext>?[] _traced;

    private void NoteTrace(PartitionHost host, PartitionRequest request, ReplySink sink)
    {
        if (sink is not TracedReplySink traced || request is PartitionRequest.ReadOrder or PartitionRequest.ReadItem or PartitionRequest.AwaitSettled)
            return;
        var ofWriter = _traced[_runtime.WriterOf(host.Id)] ??= [];
        if (ofWriter.Count < MostTraced)
            ofWriter.Add(traced.Trace);
    }

    /// <returns>Null for none.</returns>
    private List<ActivityContext>? TakeTraces(int writer)
    {
        var traced = _traced[writer];
        _traced[writer] = null;
        return traced;
    }
}
