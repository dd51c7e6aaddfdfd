using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Place;
using Millrace.Api.Problems;

namespace Millrace.Api.Admission;

/// <summary>The bench's yardstick behind key, limits and gate: what those cost is the difference.</summary>
internal sealed class AdmittedNoop(AdmissionGate gate, PlaceEndpoint place)
{
    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        if (!await gate.EnterAsync(Priority.Place, caller.Tenant.Value))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Overloaded, "More is asked for than can be done now."));
            return;
        }

        var entered = gate.Now;
        try
        {
            await place.HandleNoopAsync(http);
        }
        finally
        {
            gate.Leave(entered);
        }
    }
}
