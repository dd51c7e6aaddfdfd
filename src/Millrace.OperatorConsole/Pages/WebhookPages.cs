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

    public static async Task<IResult> CreateAsync(HttpContext http, Session session, IFormCollection form)
    {
        if (!Uri.TryCreate(View.Given(form["url"]), UriKind.Absolute, out var url))
            return View.Back(Address, "The address is no URL.", isProblem: true);
        var types = form["events"].ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        try
        {
            // Shown in this answer: an address would keep its secret.
            var made = await session.Api.Webhooks.CreateAsync(
                new WebhookSettings(url, types.Length == 0 ? null : types, View.Given(form["description"])), Under(form), http.RequestAborted);
            return await ShowAsync(http, session, made.Value);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back(Address, Words(refused), isProblem: true);
        }
    }

    public static Task<IResult> DisableAsync(HttpContext http, Session session, IFormCollection form) => SetAsync(http, session, form, isDisabled: true);

    /// <summary>Also of one that the server has stopped.</summary>
    public static Task<IResult> EnableAsync(HttpContext http, Session session, IFormCollection form) => SetAsync(http, session, form, isDisabled: false);

    public static async Task<IResult> DeleteAsync(HttpContext http, Session session, IFormCollection form)
    {
        try
        {
            await session.Api.Webhooks.DeleteAsync(Id(http), Under(form), http.RequestAborted);
            return View.Back(Address, $"{Id(http)} is deleted.", isProblem: false);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back(Address, Words(refused), isProblem: true);
        }
    }

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

    private static Task<IResult> SetAsync(HttpContext http, Session session, IFormCollection form, bool isDisabled) => View.ActAsync(Address, async () =>
    {
        var found = await session.Api.Webhooks.GetAsync(Id(http), cancellation: http.RequestAborted);
        var settings = new WebhookSettings(found.Value.Url, found.Value.Events, found.Value.Description, isDisabled);
        return await session.Api.Webhooks.PutAsync(Id(http), settings, Under(form), http.RequestAborted);
    });

    // Of a field that is wrong, which and why.
    private static string Words(MillraceProblemException refused) =>
        refused.Problem.Errors is [var first, ..] ? $"{first.Pointer}: {first.Detail}" : refused.Problem.Detail ?? refused.Code;

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
