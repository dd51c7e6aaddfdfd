using Millrace.Api.Psp;
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
            var kind = webhook!.Type[(webhook.Type.IndexOf('.', StringComparison.Ordinal) + 1)..];
            return kind switch
            {
                // As of the provider's answers: they stay in the order for good.
                "succeeded" when webhook.OperationId.Length is 0 or > PspRecord.MaxNameLength => Refused("its id is none"),
                "declined" when webhook.Code?.Length > PspRecord.MaxNameLength => Refused("its code is none"),
                "succeeded" => new PspWebhookResult.Succeeded(webhook.Reference, webhook.OperationId),
                "declined" => new PspWebhookResult.Declined(webhook.Reference, webhook.Code ?? "declined", webhook.Soft ?? false),
                _ => new PspWebhookResult.Ignored(),
            };
        };
    }

    private static PspWebhookResult.Refused Refused(string why) => new($"The webhook was refused: {why}.");
}
