using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Client;
using Millrace.OperatorConsole.Assets;
using Millrace.OperatorConsole.Pages;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole;

/// <summary>The operators' console, at <c>/</c> of every node: pages over the public API and nothing else.</summary>
public static class ConsoleHost
{
    // No script, style or frame but ours.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    private const string OperatorScope = "system:operate";

    public static void AddMillraceConsole(this IServiceCollection services, ConsoleOptions options)
    {
        services.AddRazorComponents();
        services.AddDataProtection().SetApplicationName("Millrace.OperatorConsole").DisableAutomaticKeyGeneration();
        services.AddOptions<KeyManagementOptions>().Configure<IServiceProvider>((keys, all) => keys.XmlRepository = new SessionKeys(() => options.SessionSecret(all)));
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
        services.AddSingleton(options).AddSingleton<SessionCookie>().AddSingleton<OwnApi>().AddSingleton<Visitors>();
        if (options.Demo is { } demo)
            services.AddSingleton(_ => new DemoPages(demo));
    }

    public static void MapMillraceConsole(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var visitors = services.GetRequiredService<Visitors>();
        var signIn = new SignInPages(visitors, services.GetRequiredService<SessionCookie>());
        Open(app, "GET", "/_console/{hash}/{name}", Asset.Find);
        Open(app, "GET", "/sign-in", http => Task.FromResult(signIn.Show(http)));
        Open(app, "POST", "/sign-in", signIn.SignInAsync);
        Post("/sign-out", signIn.SignOutAsync);

        Get("/", SystemPages.OverviewAsync);
        Get("/_live/overview", LiveData.PastAsync);
        Get("/_live/overview/stream", LiveData.StreamAsync);
        Get("/orders", OrdersPages.ListAsync);
        Get("/orders/export", OrdersPages.ExportAsync);
        Post("/orders/bulk", OrdersPages.BulkAsync);
        Get("/orders/{id}", OrdersPages.ShowAsync);
        Post("/orders/{id}/{act}/{part?}", OrdersPages.ActAsync);
        Get("/attention", OrdersPages.AttentionAsync);
        Post("/attention/resume", OrdersPages.ResumeAsync);
        Post("/attention/dismiss", OrdersPages.DismissAsync);
        Post("/attention/restore", OrdersPages.RestoreAsync);
        Get("/operations", JobsPages.ListAsync);
        Get("/operations/new", JobsPages.ConfirmAsync);
        Post("/operations/start", JobsPages.StartAsync);
        Get("/operations/{job}", JobsPages.ShowAsync);
        Post("/operations/{job}/{verb}", JobsPages.ControlAsync);
        Get("/events", EventsPages.ShowAsync);
        Get("/_live/events", EventsPages.StreamAsync);
        Get("/stock", SystemPages.StockAsync);
        Post("/stock/adjust", SystemPages.AdjustAsync);
        Get("/webhooks", WebhookPages.ShowAsync);
        Post("/webhooks", WebhookPages.CreateAsync);
        Post("/webhooks/{webhook}/disable", WebhookPages.DisableAsync);
        Post("/webhooks/{webhook}/enable", WebhookPages.EnableAsync);
        Post("/webhooks/{webhook}/delete", WebhookPages.DeleteAsync);
        Post("/webhooks/{webhook}/test", WebhookPages.TestAsync);
        Post("/webhooks/{webhook}/replay", WebhookPages.ReplayAsync);
        Post("/webhooks/{webhook}/rotate", WebhookPages.RotateAsync);
        Get("/cluster", SystemPages.ClusterAsync);
        Post("/cluster/{node}/drain", SystemPages.DrainAsync);
        Post("/cluster/{node}/undrain", SystemPages.UndrainAsync);
        Post("/cluster/psps/pause", SystemPages.PausePspAsync);
        Post("/cluster/psps/{psp}/resume", SystemPages.ResumePspAsync);
        Get("/payments", PaymentsPages.ShowAsync);
        Post("/payments/breaks/{id}/assign", PaymentsPages.AssignAsync);
        Post("/payments/breaks/{id}/close", PaymentsPages.CloseAsync);
        Get("/limits", LimitsPages.ShowAsync);
        Post("/limits", LimitsPages.SetAsync);
        Post("/limits/purge", LimitsPages.PurgeAsync);
        Post("/limits/paused", LimitsPages.PauseAsync);
        Post("/limits/paused/{tenant}/resume", LimitsPages.ResumeAsync);
        Get("/auditor", SystemPages.AuditorAsync);
        Get("/keys", SystemPages.KeysAsync);
        Post("/keys", SystemPages.MakeKeyAsync);
        Post("/keys/{key}/revoke", SystemPages.RevokeAsync);
        Get("/audit", SystemPages.AuditAsync);
        Get("/audit/export", SystemPages.ExportAuditAsync);
        if (services.GetService<DemoPages>() is { } demo)
        {
            Get("/demo", demo.ShowAsync);
            Post("/demo/psp", demo.BreakAsync);
            Post("/demo/charge", demo.ChargeAsync);
            Post("/demo/rate", demo.PaceAsync);
            Post("/demo/kill", demo.KillAsync);
        }

        void Get(string pattern, Func<HttpContext, Session, Task<IResult>> page) => Map(app, "GET", pattern, visitors.Page(page), isOpen: false);
        void Post(string pattern, Func<HttpContext, Session, IFormCollection, Task<IResult>> act) => Map(app, "POST", pattern, visitors.Form(act), isOpen: false);
    }

    /// <summary>Lets only operators who are signed in look at pages of another maker, and nobody change anything with them.</summary>
    public static void RequireOperator(this IEndpointConventionBuilder pages) => pages.Finally(endpoint =>
    {
        var (page, visitors) = (endpoint.RequestDelegate!, endpoint.ApplicationServices.GetRequiredService<Visitors>());
        var guarded = visitors.Page(async (http, session) =>
        {
            if (session.Lacks(OperatorScope) is { } lack)
                return Results.Text(lack, statusCode: StatusCodes.Status403Forbidden);
            if (!HttpMethods.IsGet(http.Request.Method))
                return Results.StatusCode(StatusCodes.Status405MethodNotAllowed);
            http.Response.Headers.ContentSecurityPolicy = "frame-ancestors 'none'";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            await page(http);
            return Results.Empty;
        });
        endpoint.RequestDelegate = async http => await (await GuardAsync(http, guarded)).ExecuteAsync(http);
        endpoint.Metadata.Add(new ConsoleEndpoint(IsOpen: false));
        endpoint.Metadata.Add(new ExcludeFromDescriptionAttribute());
    });

    // For whoever is not signed in.
    private static void Open(IEndpointRouteBuilder app, string method, string pattern, Func<HttpContext, Task<IResult>> handle) => Map(app, method, pattern, handle, isOpen: true);

    private static void Map(IEndpointRouteBuilder app, string method, string pattern, Func<HttpContext, Task<IResult>> handle, bool isOpen) =>
        app.MapMethods(pattern, [method], async http =>
        {
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicy;
            headers.CacheControl = "no-store";
            headers["Referrer-Policy"] = "same-origin";
            headers.XContentTypeOptions = "nosniff";
            await (await GuardAsync(http, handle)).ExecuteAsync(http);
        }).WithMetadata(new ConsoleEndpoint(isOpen)).ExcludeFromDescription();

    // What the API refuses a page is said on a page.
    private static async Task<IResult> GuardAsync(HttpContext http, Func<HttpContext, Task<IResult>> handle)
    {
        try
        {
            return await handle(http);
        }
        catch (MillraceProblemException refused)
        {
            return Problem(http, refused.Problem.Detail ?? refused.Code, refused.Status, refused.TraceId);
        }
        catch (FilterException odd)
        {
            return Problem(http, odd.Message, StatusCodes.Status400BadRequest, null);
        }
        catch (Exception away) when (away is HttpRequestException or TimeoutException)
        {
            return Problem(http, "The node does not answer itself now; it may be starting or stopping.", StatusCodes.Status503ServiceUnavailable, null);
        }
    }

    private static IResult Problem(HttpContext http, string words, int status, string? traceId) => View.Of<ProblemPage>(
        new(StringComparer.Ordinal) { ["Session"] = Visitors.Of(http), ["Words"] = words, ["TraceId"] = traceId, ["IsMissing"] = status == StatusCodes.Status404NotFound }, status);
}

/// <summary>Marks what is the console's and no part of the API.</summary>
/// <param name="IsOpen">For whoever is not signed in.</param>
public sealed record ConsoleEndpoint(bool IsOpen);
