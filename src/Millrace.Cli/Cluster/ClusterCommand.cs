using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Cluster;

/// <summary><c>millrace cluster nodes|partitions|drain|undrain|raise-format</c>, asked of any node. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class ClusterCommand
{
    private const string NodesPath = "/v1/cluster/nodes";
    private static readonly string[] NodeColumns = ["name", "address", "status", "drained", "partitions#"];

    public static Command Create()
    {
        var command = new Command("cluster", "Look after the nodes of a cluster")
        {
            Reading("nodes", "List the nodes", NodesPath, NodeColumns),
            Reading("partitions", "Show who owns which partition", "/v1/cluster/partitions", "partition#", "node", "state"),
            Setting("drain", "Take the partitions from a node and give it no more; it goes on answering", HttpMethod.Put),
            Setting("undrain", "Let a node own partitions again", HttpMethod.Delete),
            RaisingFormat(),
        };
        return command;
    }

    private static Command Reading(string name, string description, string path, params string[] columns)
    {
        var (connection, output) = (new Connection(), new Output());
        var command = new Command(name, description);
        connection.AddTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var client = connection.Open(arguments);
            output.WriteMany(arguments, Rows(await client.GetAsync(path, cancellation)), columns);
            return Acting.Done;
        });
        return command;
    }

    private static Command Setting(string name, string description, HttpMethod method)
    {
        var (connection, output) = (new Connection(), new Output());
        var node = new Argument<string>("node") { Description = "Its name" };
        var command = new Command(name, description) { node };
        connection.AddTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var client = connection.Open(arguments);
            var path = $"{NodesPath}/{Uri.EscapeDataString(arguments.GetValue(node)!)}/drained";
            output.WriteMany(arguments, Rows(await client.SendAsync(method, path, body: null, idempotencyKey: null, cancellation)), NodeColumns);
            return Acting.Done;
        });
        return command;
    }

    private static Command RaisingFormat()
    {
        var (connection, output) = (new Connection(), new Output());
        var command = new Command("raise-format", "After an upgrade of all nodes: write the newest payload format that all of them can read");
        connection.AddTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var client = connection.Open(arguments);
            var answer = (await client.SendAsync(HttpMethod.Put, "/v1/cluster/payload-format", body: null, idempotencyKey: null, cancellation)).Body;
            output.WriteOne(arguments, answer);
            if (answer.GetProperty("behind").GetArrayLength() == 0)
                return Acting.Done;
            await Console.Error.WriteLineAsync("millrace: not raised to the newest: the nodes named under 'behind' cannot read it, or did not answer.");
            return Acting.Failed;
        });
        return command;
    }

    private static List<JsonElement> Rows(ApiAnswer answer) => [.. answer.Body.GetProperty("data").EnumerateArray()];
}
