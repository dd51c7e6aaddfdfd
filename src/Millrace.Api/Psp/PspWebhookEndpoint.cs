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
        PspWebhookResult? result = null;
        problem ??= Understand(result = parse(name, bytes, request.Headers["Psp-Signature"]), out order, out command);
        if (problem is null && traces.Find(order) is { } placed)
            Activity.Current?.AddLink(new ActivityLink(placed));
        if (problem is null && result is PspWebhookResult.Succeeded told)
            problem = await CheckAsync(order, (OrderCommand.PaymentSucceeded)command!, told, http.RequestAborted);
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
                if (!TryRead(e.Reference, e.Step, out order, out var number))
                    return NotOurs();
                command = new OrderCommand.PaymentSucceeded(e.Step, number, e.OperationId);
                return null;
            case PspWebhookResult.Declined e:
                if (!TryRead(e.Reference, e.Step, out order, out number))
                    return NotOurs();
                command = new OrderCommand.PaymentDeclined(e.Step, number, e.Code, e.IsSoft);
                return null;
            default:
                throw new UnreachableException();
        }
    }

    // A success for something else than we asked is not ours to book, as in the provider's answers: the order's next look at the provider finds the same, and a
    // person is asked. What the order waits for now is what it waits for when it is told: of this step and number there is one request for ever.
    private async ValueTask<Problem?> CheckAsync(OrderId order, OrderCommand.PaymentSucceeded command, PspWebhookResult.Succeeded told, CancellationToken cancellation)
    {
        var reply = await router.SendAsync(new PartitionRequest.ReadOrder(order, null), cancellation);
        if (!reply.IsSuccess())
            return ReplyProblem.Of(reply);
        var (pending, currency) = (reply.Order!.Payment.Pending, reply.Order.Placement.Currency.Code);
        return pending is null || (pending.Step, pending.Number) != (command.Step, command.Number)
            || (pending.AmountMinor, currency) == (told.AmountMinor, told.CurrencyCode)
            ? null
            : new Problem(ProblemKinds.UnknownPayment, "The order asked for another amount than the one that this is about.");
    }

    // Anything but success makes the provider try again later, which is what an unavailable partition needs.
    private async ValueTask<Problem?> TellAsync(string psp, OrderId order, OrderCommand command, CancellationToken cancellation)
    {
        var change = new PartitionRequest.ChangeOrder(order, null, command, new Actor(ActorKind.Psp, psp), null, null);
        var reply = await router.SendAsync(change, cancellation);
        return reply.IsSuccess() ? null : ReplyProblem.Of(reply);
    }

    // What is told must be of the operation that the reference was made for.
    private static bool TryRead(string reference, PaymentStep told, out OrderId order, out int number)
    {
        order = default;
        number = 0;
        return reference.Split(':') is [var id, var operation, var count]
            && OrderId.TryParse(id, out order) && OrderNames.TryPaymentStep(operation, out var step) && step == told
            && int.TryParse(count, System.Globalization.NumberStyles.None, provider: null, out number);
    }

    private static Problem NotOurs() => new(ProblemKinds.UnknownPayment, "The reference is not one of ours.");
}
