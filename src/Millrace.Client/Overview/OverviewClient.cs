using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Overview;

/// <summary>The asked node, second by second; needs the scope <c>system:operate</c>.</summary>
public sealed class OverviewClient
{
    private readonly Sender _sender;

    internal OverviewClient(Sender sender) => _sender = sender;

    /// <param name="seconds">How far back: 1 to 3,600.</param>
    /// <param name="step">Seconds in each point: 1 to 60. 300 points come at most.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_overview")]
    public Task<Answer<NodeOverview>> GetAsync(int seconds = 60, int step = 1, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/overview", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("seconds", seconds).With("step", step) }, ClientJson.Default.NodeOverview, cancellation);
    }
}
