using Millrace.PspSimulator.Faults;

namespace Millrace.PspSimulator.Operations;

/// <summary>Whether the "bank" says yes: by magic token first, else by the decline rate.</summary>
internal static class AuthorizeRules
{
    public const string DeclineToken = "tok_decline";
    public const string SoftDeclineToken = "tok_soft_decline";

    /// <summary>The effect is done and the first answer lost; a repeat is answered.</summary>
    public const string TimeoutOnceToken = "tok_timeout_once";

    private const string Hard = "card_declined";
    private const string Soft = "insufficient_funds";

    public static Operation Decide(OperationRequest request, string hash, DateTimeOffset now, FaultDice dice)
    {
        var code = DeclineCode(request.Token!, dice);
        var id = OperationBook.NewId("pa_");
        return new Operation(
            id, OperationKind.Authorize, request.Reference, request.Order!, id, request.Amount, request.Currency!,
            code is null ? OperationStatus.Authorized : OperationStatus.Declined, now, request.Key, hash, code,
            string.Equals(code, Soft, StringComparison.Ordinal));
    }

    private static string? DeclineCode(string token, FaultDice dice)
    {
        const double softShare = 0.5;
        return token switch
        {
            DeclineToken => Hard,
            SoftDeclineToken => Soft,
            TimeoutOnceToken => null,
            _ when !dice.Hits(dice.Settings.DeclineRate) => null,
            _ => dice.Hits(softShare) ? Soft : Hard,
        };
    }
}
