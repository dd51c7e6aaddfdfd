using System.Net;
using Microsoft.AspNetCore.Http;
using Millrace.Client;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>Finds out who asks for a page.</summary>
internal sealed class Visitors(SessionCookie cookie, OwnApi api, ConsoleOptions options)
{
    public const string FormField = "form_token";

    /// <summary>Runs a page for whoever is signed in; sends all others to sign in.</summary>
    public Func<HttpContext, Task<IResult>> Page(Func<HttpContext, Session, Task<IResult>> page) => async http =>
    {
        if (Key(http) is not { } key || await OpenAsync(key, http.RequestAborted) is not { } session)
            return Results.Redirect("/sign-in?to=" + Uri.EscapeDataString(Screen(http)));
        http.Items[typeof(Session)] = session;
        return await page(http, session);
    };

    /// <summary>Runs what a form asks for, when the form is of this session.</summary>
    public Func<HttpContext, Task<IResult>> Form(Func<HttpContext, Session, IFormCollection, Task<IResult>> act) => Page(async (http, session) =>
    {
        var (form, refusal) = await SmallForm.ReadAsync(http);
        if (form is null)
            return refusal!;
        return cookie.IsFormToken(form[FormField], Key(http)!) ? await act(http, session, form) : Results.Redirect("/sign-in?problem=form");
    });

    /// <returns>Null when the API does not take the key.</returns>
    public async Task<Session?> OpenAsync(string apiKey, CancellationToken cancellation)
    {
        var client = api.As(apiKey);
        try
        {
            var caller = await client.ApiKeys.GetCallerAsync(cancellation: cancellation);
            return new Session(client, caller.Value, cookie.FormToken(apiKey), options.Demo is not null);
        }
        catch (MillraceProblemException refused) when (refused.Status == StatusCodes.Status401Unauthorized)
        {
            return null;
        }
    }

    /// <summary>Who was let in to this request; null when nobody was yet.</summary>
    public static Session? Of(HttpContext http) => http.Items[typeof(Session)] as Session;

    // What a form asked for is not asked again: after signing in one sees a page.
    private static string Screen(HttpContext http) => HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString : "/";

    // In a demo everybody of this machine. A page of elsewhere may have a name that it lets lead here: its browser says that name.
    private string? Key(HttpContext http) => cookie.Read(http) ?? (options.Demo is { } demo && IsLocal(http.Request.Host.Host) ? demo.ApiKey : null);

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
