using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Api.Reconciliation;

/// <summary>
/// <c>/v1/reconciliation…</c>: whether what orders have booked is what the payment provider did. For whoever runs the installation: breaks of all tenants are in it, and
/// some are of nobody's order.
/// </summary>
internal sealed class ReconciliationEndpoints(BreakStore store, bool isEnabled, AuditLog audit, TimeProvider time)
{
    private const int MaxLimit = 200;
    private const int DefaultLimit = 50;
    private static readonly Problem NotFound = new(ProblemKinds.BreakNotFound, "There is no such break.");

    public async Task GetAsync(HttpContext http, Caller caller)
    {
        var (state, _) = await store.ReadStateAsync(http.RequestAborted);
        var open = (await store.ListAsync(null, http.RequestAborted)).Select(stored => stored.Break).Where(one => one.IsOpen).ToList();
        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, new ReconciliationStatus(isEnabled, state, open), BreakAnswers.Write);
    }

    /// <summary>Those that were found last come first.</summary>
    public async Task ListAsync(HttpContext http, Caller caller)
    {
        if (Read(http.Request.Query, out var state, out var order, out var cursor, out var limit) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var all = (await store.ListAsync(null, http.RequestAborted)).Select(stored => stored.Break)
            .Where(one => (state == "all" || one.IsOpen == (state == "open")) && (order is null || one.Order == order || one.PspOrder == order)).OrderByDescending(PlaceOf, StringComparer.Ordinal);
        var page = all.SkipWhile(one => cursor is not null && string.CompareOrdinal(PlaceOf(one), cursor) >= 0).Take(limit + 1).ToList();
        var next = page.Count > limit ? PlaceOf(page[limit - 1]) : null;
        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, (page.Take(limit), next), static (w, shown) => BreakAnswers.Write(w, shown.Item1, shown.next));
    }

    public async Task FindAsync(HttpContext http, Caller caller)
    {
        if (await FindAsync(http) is { } stored)
            await SendAsync(http, stored.Break);
        else
            await Answer.Problem(http, NotFound);
    }

    /// <summary>Says what shall be, so a repeat changes nothing and needs no key.</summary>
    public async Task PutAsync(HttpContext http, Caller caller)
    {
        var (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        BreakBody? body = null;
        problem ??= BreakBody.Parse(utf8, out body);
        problem ??= await ChangeAsync(http, caller, body!);
        if (problem is not null)
            await Answer.Problem(http, problem);
    }

    private async Task<Problem?> ChangeAsync(HttpContext http, Caller caller, BreakBody body)
    {
        var (seen, recorded) = (default(Break), default(AuditDraft));
        while (await FindAsync(http) is { } stored)
        {
            var before = stored.Break;
            if (Refusal(before, seen ??= before, body) is { } refusal)
                return refusal;
            var after = After(before, body, caller);
            var draft = Record(before, after, caller);
            if (after != before && draft != recorded)
                await audit.AddAsync(() => recorded = draft, http.RequestAborted);
            // The comparison, or another person, may have written in between.
            if (after != before && await store.TrySaveAsync(stored, after, http.RequestAborted) is null)
                continue;
            await SendAsync(http, after);
            return null;
        }

        return NotFound;
    }

    private Break After(Break before, BreakBody body, Caller caller)
    {
        var after = before with { Owner = body.Owner ?? before.Owner };
        if (!body.IsClosed)
            return after with { ClosedAt = null, ClosedBy = null, Reason = null };
        // Whoever gives another reason is who has closed it.
        return !before.IsOpen && body.Reason == before.Reason ? after : after with { ClosedAt = time.GetUtcNow(), ClosedBy = caller.Actor.Name ?? caller.Actor.Kind.ToString(), Reason = body.Reason };
    }

    private async Task<StoredBreak?> FindAsync(HttpContext http) =>
        (string)http.GetRouteValue("break")! is var id && Break.IsId(id) ? await store.FindAsync(id, http.RequestAborted) : null;

    // What is closed is what was there when it was asked for.
    private static Problem? Refusal(Break before, Break seen, BreakBody body) => before switch
    {
        _ when (before.Kind, before.Ours, before.Theirs) != (seen.Kind, seen.Ours, seen.Theirs) => new Problem(ProblemKinds.Conflict, "Something else differs by now: look at it again."),
        { IsOpen: false, ClosedBy: null } => new Problem(ProblemKinds.BreakSettled, "Both sides agree since: there is nothing left to do."),
        { IsOpen: true, Kind: BreakKinds.Pending } when body.IsClosed => new Problem(ProblemKinds.BreakPending, "The order still waits to hear of this payment: bring the order to go on, and the break ends with it."),
        _ => null,
    };

    private static AuditDraft Record(Break before, Break after, Caller caller)
    {
        var action = before.IsOpen == after.IsOpen ? "break.changed" : after.IsOpen ? "break.reopened" : "break.closed";
        return new AuditDraft(caller.Actor, null, action, after.Id, JsonSerializer.Serialize(new BreakAuditDetail(after.Kind, after.PaymentKey, after.Owner, after.Reason), BreakAuditJson.Default.BreakAuditDetail));
    }

    private static Task SendAsync(HttpContext http, Break shown)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, shown, BreakAnswers.Write);
    }

    // By time, as text; two of one moment by their ids.
    private static string PlaceOf(Break one) => string.Create(CultureInfo.InvariantCulture, $"{one.OpenedAt.ToUnixTimeMilliseconds():D15}-{one.Id}");

    private static bool IsPlace(string? text) => text?.Split('-') is [{ Length: 15 } at, var id] && at.All(char.IsAsciiDigit) && Break.IsId(id);

    private static Problem? Read(IQueryCollection query, out string state, out string? order, out string? cursor, out int limit)
    {
        (state, order, cursor, limit) = ("open", null, null, DefaultLimit);
        foreach (var (name, values) in query)
        {
            var text = values.Count == 1 ? values[0] : null;
            switch (name)
            {
                case "state" when text is "open" or "closed" or "all": state = text; continue;
                case "order" when OrderId.TryParse(text, out var id): order = id.ToString(); continue;
                case "cursor" when IsPlace(text): cursor = text; continue;
                case "cursor": return new Problem(ProblemKinds.InvalidCursor, "The cursor is not from this list.");
                case "limit" when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit: continue;
                default: return new Problem(ProblemKinds.InvalidParameter, $"There are state, which is open, closed or all; order, an order's id; cursor, the next_cursor of the page before; and limit, 1 to {MaxLimit}.");
            }
        }

        return null;
    }
}

internal sealed record BreakAuditDetail(string Kind, string PaymentKey, string? Owner, string? Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BreakAuditDetail))]
internal sealed partial class BreakAuditJson : JsonSerializerContext;
