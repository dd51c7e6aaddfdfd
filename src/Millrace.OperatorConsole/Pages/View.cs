using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Client;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>How pages are answered.</summary>
internal static class View
{
    // Said on the page that follows an act.
    private const int MostWords = 300;

    // Shorter than the second after which a refusal could be repeated: what is known in five seconds is shown then.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(950);

    public static IResult Of<T>(Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where T : IComponent => new RazorComponentResult<T>(parameters) { StatusCode = status, PreventStreamingRendering = true };

    /// <summary>Does what a form asks for, and shows the page that it stood on.</summary>
    public static async Task<IResult> ActAsync<T>(string back, Func<Task<Answer<T>>> act)
    {
        try
        {
            await act();
            return Back(back, "Done.", isProblem: false);
        }
        catch (MillraceProblemException refused)
        {
            return Back(back, refused.Problem.Detail ?? refused.Problem.Title ?? refused.Code, isProblem: true);
        }
        catch (Exception odd) when (odd is FormatException or OverflowException)
        {
            return Back(back, "What was typed is not what the field takes.", isProblem: true);
        }
    }

    public static IResult Back(string to, (string Words, bool IsProblem) outcome) => Back(to, outcome.Words, outcome.IsProblem);

    public static IResult Back(string to, string words, bool isProblem) => new BackResult(to, words.Length > MostWords ? words[..MostWords] : words, isProblem);

    public static (string? Words, bool IsProblem) Notice(HttpContext http)
    {
        var problem = http.Request.Query["problem"].ToString();
        var words = problem.Length > 0 ? problem : http.Request.Query["notice"].ToString();
        // A link of elsewhere puts no words into the console's mouth.
        return words.Length > 0 && http.RequestServices.GetRequiredService<SessionCookie>().IsSealed(words, http.Request.Query["seal"]) ? (words, problem.Length > 0) : (null, false);
    }

    /// <summary>What a page can do without.</summary>
    /// <returns>Null when there is none, or it is not known now: the page is looked at all the more then.</returns>
    public static async Task<T?> OrNothingAsync<T>(Func<CallOptions, Task<Answer<T>>> ask)
        where T : class
    {
        try
        {
            return (await ask(new CallOptions { Timeout = Patience })).Value;
        }
        catch (Exception away) when (away is TimeoutException or MillraceProblemException { Status: StatusCodes.Status404NotFound or StatusCodes.Status503ServiceUnavailable })
        {
            return null;
        }
    }

    /// <summary>The next of a stream to a browser.</summary>
    /// <returns>Null where it ends: when the API cannot be asked any more. The browser opens another.</returns>
    public static async Task<T?> OrEndAsync<T>(Func<Task<T?>> next)
    {
        try
        {
            return await next();
        }
        catch (Exception ended) when (ended is OperationCanceledException or MillraceProblemException or HttpRequestException or TimeoutException)
        {
            return default;
        }
    }

    /// <returns>What somebody typed; null for nothing.</returns>
    public static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private sealed class BackResult(string to, string words, bool isProblem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var seal = httpContext.RequestServices.GetRequiredService<SessionCookie>().Seal(words);
            httpContext.Response.Redirect($"{to}{(to.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{(isProblem ? "problem" : "notice")}={Uri.EscapeDataString(words)}&seal={seal}");
            return Task.CompletedTask;
        }
    }
}
