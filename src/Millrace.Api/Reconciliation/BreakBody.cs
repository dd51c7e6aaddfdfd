using Millrace.Api.Json;
using Millrace.Api.Problems;

namespace Millrace.Api.Reconciliation;

/// <summary>What a person says of a break: who sees to it, and whether it is done with.</summary>
/// <param name="Owner">Null for whoever does already.</param>
/// <param name="IsClosed">Whether it shall be closed.</param>
/// <param name="Reason">Why, of one that shall be closed.</param>
internal sealed record BreakBody(string? Owner, bool IsClosed, string? Reason)
{
    private const int MaxState = 64;
    private const int MaxOwner = 64;
    private const int MaxReason = 500;
    private static readonly FieldSet Fields = new("state", "reason", "owner");

    public static Problem? Parse(ReadOnlySpan<byte> utf8, out BreakBody body)
    {
        var json = new StrictJson(utf8);
        string? state = null, owner = null, reason = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "state":
                        state = json.Text(MaxState, TextRule.Id);
                        if (state is not (null or "open" or "closed"))
                            json.Fault("invalid_format", "It is open or closed.");
                        break;
                    case "owner": owner = ReadWords(ref json, MaxOwner); break;
                    default: reason = ReadWords(ref json, MaxReason); break;
                }
            }

            json.Require(seen, Fields, state == "closed" ? 2 : 1);
        }

        json.End();
        body = new BreakBody(owner, state == "closed", reason);
        if (json.HasErrors)
            return Problem.Of(json.Errors);
        return state == "open" && reason is not null ? new Problem(ProblemKinds.InvalidRequest, "A reason is for what is closed.") : null;
    }

    private static string? ReadWords(ref StrictJson json, int most)
    {
        var text = json.Text(most, TextRule.Free);
        if (text is null || !string.IsNullOrWhiteSpace(text))
            return text;
        json.Fault("too_short", "The text is blank.");
        return null;
    }
}
