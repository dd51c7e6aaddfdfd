using Microsoft.AspNetCore.Http;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>In and out.</summary>
internal sealed class SignInPages(Visitors visitors, SessionCookie cookie)
{
    public IResult Show(HttpContext http) => Show(Local(http.Request.Query["to"]), http.Request.Query["problem"] == "form" ? "That form was of another session: sign in again." : null);

    public async Task<IResult> SignInAsync(HttpContext http)
    {
        var (form, refusal) = await SmallForm.ReadAsync(http);
        if (form is null)
            return refusal!;
        var to = Local(form["to"]);
        if (IsOfElsewhere(http.Request))
            return Show(to, "That form was of another site: sign in here.");
        var key = form["api_key"].ToString().Trim();
        // What no header can carry is the key of nobody, and cannot be asked about.
        if (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~') || await visitors.OpenAsync(key, http.RequestAborted) is null)
            return Show(to, "That is no live API key.");
        cookie.Write(http, key);
        return Results.Redirect(to);
    }

    public Task<IResult> SignOutAsync(HttpContext http, Session session, IFormCollection form)
    {
        cookie.Delete(http);
        return Task.FromResult(Results.Redirect("/sign-in"));
    }

    // Another site could have its key signed in with, and see what is then done under it. There is no session yet whose token the form could carry.
    // A browser that says whence it comes is believed, whatever a proxy makes of our name; of an older one only the origin is known.
    private static bool IsOfElsewhere(HttpRequest request) => request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site
        ? site is not ("same-origin" or "none")
        : request.Headers.Origin.ToString() is { Length: > 0 } origin && (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Authority != request.Host.Value);

    // Only to pages of ours: an address that names another host would lend it our good name. Browsers leave tabs out, and then see what came after them.
    private static string Local(string? to) =>
        to is { Length: > 0 } && to[0] == '/' && (to.Length == 1 || (to[1] != '/' && to[1] != '\\')) && !to.AsSpan().ContainsAnyExceptInRange('!', '~') ? to : "/";

    private static IResult Show(string to, string? notice) => View.Of<SignInPage>(
        new(StringComparer.Ordinal) { ["To"] = to, ["Notice"] = notice }, notice is null ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized);
}
