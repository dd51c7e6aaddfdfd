using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
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

    public static void AddMillraceConsole(this IServiceCollection services, ConsoleOptions options)
    {
        services.AddRazorComponents();
        var protection = services.AddDataProtection().SetApplicationName("Millrace.OperatorConsole");
        if (options.KeysDirectory is { } directory)
            protection.PersistKeysToFileSystem(Directory.CreateDirectory(directory));
        else
            protection.UseEphemeralDataProtectionProvider();
        services.AddSingleton(options).AddSingleton<SessionCookie>().AddSingleton<OwnApi>().AddSingleton<Visitors>();
        if (options.Demo is { } demo)
            services.AddSingleton(_ => new DemoPages(demo));
    }

    public static void MapMillraceConsole(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var visitors = services.GetRequiredService<Visitors>();
        var signIn = new SignInPages(visitors, services.GetRequiredService<SessionCookie>());
        app.MapGet("/_console/{hash}/{name}", (HttpContext http, string hash, string name) => Asset.SendAsync(http, hash, name)).ExcludeFromDescription();
        Get("/sign-in", http => Task.FromResult(signIn.Show(http)));
        Post("/sign-in", signIn.SignInAsync);
        Post("/sign-out", visitors.Form(signIn.SignOutAsync));

        Get("/", visitors.Page(SystemPages.OverviewAsync));
        Get("/orders", visitors.Page(OrdersPages.ListAsync));
        Get("/orders/{id}", visitors.Page(OrdersPages.ShowAsync));
        Post("/orders/{id}/{act}/{part?}", visitors.Form(OrdersPages.ActAsync));
        Get("/attention", visitors.Page(OrdersPages.AttentionAsync));
        Post("/attention/resume", visitors.Form(OrdersPages.ResumeAsync));
        Get("/stock", visitors.Page(SystemPages.StockAsync));
        Post("/stock/adjust", visitors.Form(SystemPages.AdjustAsync));
        Get("/cluster", visitors.Page(SystemPages.ClusterAsync));
        Post("/cluster/{node}/drain", visitors.Form(SystemPages.DrainAsync));
        Post("/cluster/{node}/undrain", visitors.Form(SystemPages.UndrainAsync));
        Get("/keys", visitors.Page(SystemPages.KeysAsync));
        Post("/keys", visitors.Form(SystemPages.MakeKeyAsync));
        Post("/keys/{key}/revoke", visitors.Form(SystemPages.RevokeAsync));
        Get("/audit", visitors.Page(SystemPages.AuditAsync));
        LiveData.Map(app, visitors);
        if (services.GetService<DemoPages>() is { } demo)
        {
            Get("/demo", visitors.Page(demo.ShowAsync));
            Post("/demo/psp", visitors.Form(demo.BreakAsync));
            Post("/demo/rate", visitors.Form(demo.PaceAsync));
        }

        void Get(string pattern, Func<HttpContext, Task<IResult>> page) => Map(app, "GET", pattern, page);
        void Post(string pattern, Func<HttpContext, Task<IResult>> act) => Map(app, "POST", pattern, act);
    }

    internal static void Map(IEndpointRouteBuilder app, string method, string pattern, Func<HttpContext, Task<IResult>> handle) =>
        app.MapMethods(pattern, [method], async http =>
        {
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicy;
            headers.CacheControl = "no-store";
            headers["Referrer-Policy"] = "same-origin";
            await (await GuardAsync(http, handle)).ExecuteAsync(http);
        }).ExcludeFromDescription();

    // What the API refuses a page is said on a page.
    private static async Task<IResult> GuardAsync(HttpContext http, Func<HttpContext, Task<IResult>> handle)
    {
        try
        {
            return await handle(http);
        }
        catch (MillraceProblemException refused)
        {
            return View.Of<ProblemPage>(new(StringComparer.Ordinal) { ["Words"] = refused.Problem.Detail ?? refused.Code, ["TraceId"] = refused.TraceId }, refused.Status);
        }
        catch (Exception away) when (away is HttpRequestException or TimeoutException)
        {
            return View.Of<ProblemPage>(new(StringComparer.Ordinal) { ["Words"] = "The node does not answer itself now; it may be starting or stopping." }, StatusCodes.Status503ServiceUnavailable);
        }
    }
}
