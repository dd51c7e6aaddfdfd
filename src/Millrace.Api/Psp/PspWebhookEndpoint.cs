using System.Buffers;
using System.Diagnostics;
using Millrace.Api.Edge;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Cluster;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Telemetry;

namespace Millrace.Api.Psp;

/// <summary><c>POST /v1/psp/{name}/webhooks</c>: no API key, the provider's signature lets it in.</summary>
internal sealed class PspWebhookEndpoint(PartitionRouter router, PspWebhookParser parse, OrderTraces traces)
{
    public async Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        var problem = BodyReading.CheckSize(request, BodyReading.MaxSmallBytes);
        var bytes = Array.Empty<byte>();
        if (problem is null)
        {
            var body = await BodyReading.ReadAsync(request, BodyReading.MaxSmallBytes);
            problem = body.Buffer.Length > BodyReading.MaxSmallBytes ? BodyReading.TooLarge(BodyReading.MaxSmallBytes) : null;
            bytes = problem is null ? body.Buffer.ToArray() : bytes;
            BodyReading.Release(request, body);
        }

        var name = (string?)http.GetRouteValue("name") ?? "";
        OrderId order = default;
        OrderCommand? command = null;
        problem ??= Understand(parse(name, bytes, request.Headers["Psp-Signature"]), out order, out command);
        if (problem is null && traces.Find(order) is { } placed)
            Activity.Current?.AddLink(new ActivityLink(placed));
        if (problem is null && command is not null)
            problem = await TellAsync(name, order, command, http.RequestAborted);
        await (problem is null ? Answer.Empty(http, StatusCodes.Status204NoContent) : Answer.Problem(http, problem));
    }

    private static Problem? Understand(PspWebhookResult result, out OrderId order, out OrderCommand? command)
    {
        order = default;
        command = null;
        switch (result)
        {
            case PspWebhookResult.UnknownPsp:
                return new Problem(ProblemKinds.NotFound, "No payment service provider has this name.");
            case PspWebhookResult.Refused refused:
                return new Problem(ProblemKinds.SignatureRefused, refused.Detail);
            case PspWebhookResult.Ignored:
                return null;
            case PspWebhookResult.Succeeded e:
                if (!TryRead(e.Reference, out order, out var step, out var number))
                    return NotOurs();
                command = new OrderCommand.PaymentSucceeded(step, number, e.OperationId);
                return null;
            case PspWebhookResult.Declined e:
                if (!TryRead(e.Reference, out order, out step, out number))
                    return NotOurs();
                command = new OrderCommand.PaymentDeclined(step, number, e.Code, e.IsSoft);
                return null;
            default:
                throw new UnreachableException();
        }
    }

    // Anything but success makes the provider try again later, which is what an unavailable partition needs.
    private async ValueTask<Problem?> TellAsync(string psp, OrderId order, OrderCommand command, CancellationToken cancellation)
    {
        var change = new PartitionRequest.ChangeOrder(order, null, command, new Actor(ActorKind.Psp, psp), null, null);
        var reply = await router.SendAsync(change, cancellation);
        return reply.IsSuccess() ? null : ReplyProblem.Of(reply);
    }

    private static bool TryRead(string reference, out OrderId order, out PaymentStep step, out int number)
    {
        order = default;
        step = default;
        number = 0;
        return reference.Split(':') is [var id, var operation, var count]
            && OrderId.TryParse(id, out order) && OrderNames.TryPaymentStep(operation, out step)
            && int.TryParse(count, System.Globalization.NumberStyles.None, provider: null, out number);
    }

    private static Problem NotOurs() => new(ProblemKinds.UnknownPayment, "The reference is not one of ours.");
}
