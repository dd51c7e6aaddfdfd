using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Orleans;
using Millrace.Engine.Journal;

namespace Millrace.Api.Operations;

/// <summary>Nodes and partitions, for whoever runs them: not a tenant's business.</summary>
internal sealed class ClusterEndpoints(ClusterOperations cluster)
{
    public async Task NodesAsync(HttpContext http, Caller caller) => await Answer.Json(http, StatusCodes.Status200OK, (Nodes: await cluster.NodesAsync(http.RequestAborted), cluster.Format), static (w, shown) =>
    {
        WriteData(w, shown.Nodes, static (w, node) =>
        {
            w.WriteString("name"u8, node.Name);
            w.WriteString("address"u8, node.Address);
            w.WriteString("status"u8, node.Status);
            w.WriteBoolean("drained"u8, node.IsDrained);
            w.WriteNumber("partitions"u8, node.Partitions);
            w.WriteString("version"u8, node.Version);
        });
        w.WriteNumber("payload_format"u8, shown.Format);
        w.WriteEndObject();
    });

    public Task PartitionsAsync(HttpContext http, Caller caller) => Answer.Json(http, StatusCodes.Status200OK, cluster, static (w, c) =>
    {
        WriteData(w, c.Partitions(), static (w, partition) =>
        {
            w.WriteNumber("partition"u8, partition.Partition);
            w.WriteString("node"u8, partition.Node);
            w.WriteString("state"u8, partition.State);
        });
        w.WriteEndObject();
    });

    public Task DrainAsync(HttpContext http, Caller caller) => SetDrainedAsync(http, caller, isDrained: true);

    public Task UndrainAsync(HttpContext http, Caller caller) => SetDrainedAsync(http, caller, isDrained: false);

    public Task RaiseFormatAsync(HttpContext http, Caller caller) => InClusterAsync(http, async () =>
    {
        var raised = await cluster.RaiseFormatAsync(caller.Actor, http.RequestAborted);
        await Answer.Json(http, StatusCodes.Status200OK, raised, static (w, r) =>
        {
            w.WriteStartObject();
            w.WriteNumber("payload_format"u8, r.Format);
            w.WriteStartArray("behind"u8);
            foreach (var node in r.Behind)
                w.WriteStringValue(node);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    });

    private Task SetDrainedAsync(HttpContext http, Caller caller, bool isDrained) => InClusterAsync(http, async () =>
    {
        var name = (string)http.GetRouteValue("name")!;
        await (await cluster.SetDrainedAsync(name, isDrained, caller.Actor, http.RequestAborted) switch
        {
            DrainOutcome.NoSuchNode => Answer.Problem(http, new Problem(ProblemKinds.NodeNotFound, "No living node has this name.")),
            DrainOutcome.LastNode => Answer.Problem(http, new Problem(ProblemKinds.LastNode, "It is the only living node that owns partitions; undrain another first.")),
            _ => NodesAsync(http, caller),
        });
    });

    private async Task InClusterAsync(HttpContext http, Func<Task> act)
    {
        if (!cluster.IsCluster)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.NoCluster, "This node shares its store with no other."));
            return;
        }

        try
        {
            await act();
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "The store cannot be asked now."));
        }
    }

    // Begins the answer; whoever asks for it adds what else there is to say, and ends it.
    private static void WriteData<T>(Utf8JsonWriter writer, IEnumerable<T> rows, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data"u8);
        foreach (var row in rows)
        {
            writer.WriteStartObject();
            write(writer, row);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
