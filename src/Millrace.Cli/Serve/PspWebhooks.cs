using Millrace.Api.Psp;
using Millrace.Domain.Orders;
using Millrace.Gateways.Psp;

namespace Millrace.Cli.Serve;

/// <summary>Joins the edge's webhook port to the gateway that knows the PSP's signature.</summary>
internal static class PspWebhooks
{
    private const string OnlyPsp = "psp";

    /// <param name="secret">Null refuses every webhook: an unsigned one must never move an order.</param>
    public static PspWebhookParser Parser(string? secret, TimeProvider time)
    {
        var verifier = secret is null ? null : new PspWebhookVerifier(secret, time);
        return (psp, body, signature) =>
        {
            if (psp != OnlyPsp || verifier is null)
                return new PspWebhookResult.UnknownPsp();
            if (!verifier.TryVerify(body.Span, signature, out var webhook, out var refusal))
                return Refused(refusal.ToString());
            var (step, outcome) = Read(webhook!.Type);
            return outcome switch
            {
                _ when step == default => new PspWebhookResult.Ignored(),
                // As of the provider's answers: they stay in the order for good.
                "succeeded" when webhook.OperationId.Length is 0 or > PspRecord.MaxNameLength => Refused("its id is none"),
                "declined" when webhook.Code?.Length > PspRecord.MaxNameLength => Refused("its code is none"),
                "succeeded" => new PspWebhookResult.Succeeded(webhook.Reference, step, webhook.OperationId, webhook.Amount, webhook.Currency),
                "declined" => new PspWebhookResult.Declined(webhook.Reference, step, webhook.Code ?? "declined", webhook.Soft ?? false),
                _ => new PspWebhookResult.Ignored(),
            };
        };
    }

    private static (PaymentStep Step, string Outcome) Read(string type) => type.Split('.') switch
    {
        ["authorization", var outcome] => (PaymentStep.Authorize, outcome),
        ["capture", var outcome] => (PaymentStep.Capture, outcome),
        ["void", var outcome] => (PaymentStep.Void, outcome),
        ["refund", var outcome] => (PaymentStep.Refund, outcome),
        _ => default,
    };

    private static PspWebhookResult.Refused Refused(string why) => new($"The webhook was refused: {why}.");
}
