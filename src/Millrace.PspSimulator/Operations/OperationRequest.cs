using System.Security.Cryptography;
using System.Text;

namespace Millrace.PspSimulator.Operations;

/// <summary>Body of <c>POST /v1/authorizations</c>.</summary>
internal sealed record AuthorizeBody(string Reference, string Order, long Amount, string Currency, string Token);

/// <summary>Body of captures, voids and refunds; a void takes no amount.</summary>
internal sealed record FollowUpBody(string Reference, long? Amount = null);

/// <summary>A well-formed request under an idempotency key.</summary>
/// <param name="AuthorizationId">Null only for an authorization.</param>
/// <param name="Amount">Minor units; 0 for a void, which takes what was authorized.</param>
internal sealed record OperationRequest(
    OperationKind Kind,
    string Key,
    string Reference,
    string? AuthorizationId,
    long Amount,
    string? Order = null,
    string? Currency = null,
    string? Token = null)
{
    private const int MaxTextLength = 200;

    /// <summary>Why the request is malformed, or null.</summary>
    public string? Fault()
    {
        if (!IsText(Key))
            return "Idempotency-Key must have 1 to 200 characters.";
        if (!IsText(Reference))
            return "reference must have 1 to 200 characters.";
        if (Kind == OperationKind.Void ? Amount != 0 : Amount <= 0)
            return Kind == OperationKind.Void ? "a void takes no amount." : "amount must be above zero.";
        if (Kind != OperationKind.Authorize)
            return null;
        if (!IsText(Order) || !IsText(Token))
            return "order and token must have 1 to 200 characters.";
        return Currency is { Length: 3 } && Currency.All(char.IsAsciiLetterUpper) ? null : "currency must be an ISO 4217 code.";
    }

    /// <summary>Equal for equal requests. The token goes in hashed: the record holds nothing a thief could charge.</summary>
    public string Hash()
    {
        const int hashLength = 16;
        var text = string.Join('\n', Kind, Reference, AuthorizationId, Amount, Order, Currency, Token);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, hashLength));
    }

    private static bool IsText(string? text) =>
        text is { Length: > 0 and <= MaxTextLength } && !text.Any(char.IsControl);
}
