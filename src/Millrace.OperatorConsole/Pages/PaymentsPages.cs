using Microsoft.AspNetCore.Http;
using Millrace.Client.Reconciliation;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>Whether what orders have booked is what the payment provider did, and what people say of the differences.</summary>
internal static class PaymentsPages
{
    private const string Address = "/payments";

    public static async Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var shown = http.Request.Query["state"].ToString() is ("closed" or "all") and var given ? given : "open";
        var order = View.Given(http.Request.Query["order"]);
        var state = session.Api.Reconciliation.GetAsync(cancellation: http.RequestAborted);
        var breaks = session.Api.Reconciliation.ListBreaksAsync(shown, View.Given(http.Request.Query["cursor"]), order: order, cancellation: http.RequestAborted);
        await Task.WhenAll(state, breaks);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<PaymentsPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["State"] = state.Result.Value, ["Breaks"] = breaks.Result.Value, ["Shown"] = shown, ["Order"] = order, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static async Task<IResult> AssignAsync(HttpContext http, Session session, IFormCollection form)
    {
        // Whoever was shown an open one means no other: it may have been closed while he typed.
        if (form["shown"] != "closed" && await View.OrNothingAsync(call => session.Api.Reconciliation.GetBreakAsync((string)http.Request.RouteValues["id"]!, call, http.RequestAborted)) is { State: "closed" } closed)
            return View.Back(Address, $"{closed.ClosedBy} has closed it meanwhile: {closed.Reason} It is among the closed ones, where it can be opened again.", isProblem: true);
        return await PutAsync(http, session, () => new BreakChange("open", Owner: View.Given(form["owner"]) ?? throw new FormatException("No owner.")));
    }

    public static Task<IResult> CloseAsync(HttpContext http, Session session, IFormCollection form) =>
        PutAsync(http, session, () => new BreakChange("closed", View.Given(form["reason"]) ?? throw new FormatException("No reason.")));

    private static Task<IResult> PutAsync(HttpContext http, Session session, Func<BreakChange> change) =>
        View.ActAsync(Address, () => session.Api.Reconciliation.PutBreakAsync((string)http.Request.RouteValues["id"]!, change(), cancellation: http.RequestAborted));
}
