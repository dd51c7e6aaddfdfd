using System.CommandLine;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Cluster;

/// <summary><c>millrace cluster nodes|partitions|drain|undrain|raise-format|paused-psps|pause-psp|resume-psp</c>, asked of any node. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class ClusterCommand
{
    private const string NodesPath = "/v1/cluster/nodes";
    private static readonly string[] NodeColumns = ["name", "address", "status", "drained", "partitions#", "version"];

    public static Command Create() => new("cluster", "Look after the nodes of a cluster")
    {
        Reading.Rows("nodes", "List the nodes", [], _ => ApiRequest.Get(NodesPath), NodeColumns),
        Reading.Rows("partitions", "Show who owns which partition", [], _ => ApiRequest.Get("/v1/cluster/partitions"), "partition#", "node", "state"),
        Draining("drain", "Take the partitions from a node and give it no more; it goes on answering", HttpMethod.Put),
        Draining("undrain", "Let a node own partitions again", HttpMethod.Delete),
        RaisingFormat(),
        Reading.Rows("paused-psps", "List the payment providers that are paused", [], _ => ApiRequest.Get("/v1/psps/paused"), Pausing.Columns),
        Pause("pause-psp", "Ask a payment provider for nothing more; payments wait until it is resumed", HttpMethod.Put),
        Pause("resume-psp", "Ask a paused payment provider again, for all that has waited", HttpMethod.Delete),
    };

    private static Command Draining(string name, string description, HttpMethod method)
    {
        var node = new Argument<string>("node") { Description = "Its name" };
        return Mutation.Setting(name, description, [node],
            arguments =>
            {
                var wanted = arguments.GetValue(node)!;
                return new Change(new ApiRequest(method, $"{NodesPath}/{Uri.EscapeDataString(wanted)}/drained"), Scopes.SystemOperate)
                {
                    Subjects = [new ChangeSubject(NodesPath)],
                    Objection = nodes => nodes.Rows().Exists(n => n.Text("name") == wanted) ? null : $"there is no node '{wanted}'.",
                    ObjectionExit = Acting.NotFound,
                };
            },
            static (_, answer) => Task.FromResult<(Shown, int)>((new Shown.Many(answer.Body.Rows(), NodeColumns), Acting.Done)));
    }

    private static Command Pause(string name, string description, HttpMethod method) => Pausing.Create(
        name, description, method, new Argument<string>("psp") { Description = "Its name, as orders have it" }, "/v1/psps",
        static psp => $"the asked node had no payment to make with '{psp}' since it started: is it spelled as orders have it, in payment.psp?");

    private static Command RaisingFormat() => Mutation.Setting(
        "raise-format", "After an upgrade of all nodes: write the newest payload format that all of them can read", [],
        static _ => new Change(new ApiRequest(HttpMethod.Put, "/v1/cluster/payload-format"), Scopes.SystemOperate),
        static async (arguments, answer) => answer.Body.GetProperty("behind").GetArrayLength() == 0
            ? (new Shown.One(answer.Body), Acting.Done)
            : (new Shown.One(answer.Body), await Acting.FailAsync(
                arguments, "not raised to the newest: the nodes named under 'behind' cannot read it, or did not answer.", Acting.Failed)));
}
