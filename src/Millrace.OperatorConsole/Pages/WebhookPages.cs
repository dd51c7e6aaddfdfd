using Microsoft.AspNetCore.Http;
using Millrace.Client;
using Millrace.Client.Webhooks;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>Where events are sent, and how that goes.</summary>
internal static class WebhookPages
{
    private const string Address = "/webhooks";

    public static Task<IResult> ShowAsync(HttpContext http, Session session) => ShowAsync(http, session, null);

    public static async Task<IResult> TestAsync(HttpContext http, Session session, IFormCollection form)
    {
        try
        {
            var ping = (await session.Api.Webhooks.TestAsync(Id(http), Under(form), http.RequestAborted)).Value;
            return View.Back(Address, ping.Delivered ? $"The ping was taken: {ping.Status}, after {ping.DurationMs} ms." : $"The ping was not taken: {ping.Error} {ping.Status}", isProblem: !ping.Delivered);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back(Address, refused.Problem.Detail ?? refused.Code, isProblem: true);
        }
    }

    public static Task<IResult> ReplayAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync(Address, () => session.Api.Webhooks.ReplayAsync(Id(http), new NewReplay(Failed: true), Under(form), http.RequestAborted));

    public static async Task<IResult> RotateAsync(HttpContext http, Session session, IFormCollection form)
    {
        try
        {
            // Shown in this answer: an address would keep it.
            return await ShowAsync(http, session, (await session.Api.Webhooks.RotateAsync(Id(http), options: Under(form), cancellation: http.RequestAborted)).Value);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back(Address, refused.Problem.Detail ?? refused.Code, isProblem: true);
        }
    }

    private static async Task<IResult> ShowAsync(HttpContext http, Session session, Webhook? rotated)
    {
        var of = View.Given(http.Request.Query["of"]);
        var webhooks = await session.Api.Webhooks.ListAsync(cancellation: http.RequestAborted);
        IReadOnlyList<WebhookAttempt> attempts = of is null ? [] : (await session.Api.Webhooks.ListDeliveriesAsync(of, cancellation: http.RequestAborted)).Value.Data;
        var (notice, isProblem) = View.Notice(http);
        return View.Of<WebhooksPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Webhooks"] = webhooks.Value.Data, ["Of"] = of, ["Attempts"] = attempts, ["Rotated"] = rotated, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    private static string Id(HttpContext http) => (string)http.Request.RouteValues["webhook"]!;

    private static CallOptions Under(IFormCollection form) => new() { IdempotencyKey = View.Given(form["key"]) };
}
