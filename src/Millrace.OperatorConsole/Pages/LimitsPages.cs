using System.Globalization;
using Microsoft.AspNetCore.Http;
using Millrace.Client.Limits;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>What tenants use of their limits, and how caches do.</summary>
internal static class LimitsPages
{
    private const string Address = "/limits";

    public static async Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var tenants = session.Api.Limits.ListAsync(cancellation: http.RequestAborted);
        var caches = session.Api.Caches.GetAsync(cancellation: http.RequestAborted);
        var paused = session.Api.Limits.ListPausedAsync(cancellation: http.RequestAborted);
        await Task.WhenAll(tenants, caches, paused);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<LimitsPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Tenants"] = tenants.Result.Value.Data, ["Paused"] = paused.Result.Value.Data, ["Caches"] = caches.Result.Value, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static Task<IResult> SetAsync(HttpContext http, Session session, IFormCollection form) => View.ActAsync(Address, () =>
    {
        var limits = new TenantLimits(
            new Rate(Number(form, "tenant_rate"), Number(form, "tenant_burst")), new Rate(Number(form, "key_rate"), Number(form, "key_burst")),
            View.Given(form["per_day"]) is null ? null : Number(form, "per_day"));
        return session.Api.Limits.PutAsync(View.Given(form["tenant"]) ?? throw new FormatException("No tenant."), limits, cancellation: http.RequestAborted);
    });

    public static Task<IResult> PauseAsync(HttpContext http, Session session, IFormCollection form) => View.ActAsync(
        Address, () => session.Api.Limits.PauseAsync(View.Given(form["tenant"]) ?? throw new FormatException("No tenant."), cancellation: http.RequestAborted));

    public static Task<IResult> ResumeAsync(HttpContext http, Session session, IFormCollection form) => View.ActAsync(
        Address, () => session.Api.Limits.ResumeAsync((string)http.Request.RouteValues["tenant"]!, cancellation: http.RequestAborted));

    public static Task<IResult> PurgeAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync(Address, () => session.Api.Caches.PurgePublicAsync(cancellation: http.RequestAborted));

    private static long Number(IFormCollection form, string field) => long.Parse(form[field].ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
}
