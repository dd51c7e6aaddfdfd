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
                return new PspWebhookResult.Refused($"The webhook was refused: {refusal}.");
            var kind = webhook!.Type[(webhook.Type.IndexOf('.', StringComparison.Ordinal) + 1)..];
            return kind switch
            {
                "succeeded" => new PspWebhookResult.Succeeded(webhook.Reference, webhook.OperationId),
                "declined" => new PspWebhookResult.Declined(webhook.Reference, webhook.Code ?? "declined", webhook.Soft ?? false),
                _ => new PspWebhookResult.Ignored(),
            };
        };
    }
}
