using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Operations;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;

namespace Millrace.Api.Limits;

/// <summary><c>/v1/tenants…/paused</c>: of whom no new order is taken. For whoever runs the installation.</summary>
internal sealed class PauseEndpoints(PausedTenants paused, RateLimits limits, AuditLog audit)
{
    public Task ListAsync(HttpContext http, Caller caller) => SendAsync(http);

    // Each says what shall be, so a repeat changes nothing and needs no key.
    public Task PauseAsync(HttpContext http, Caller caller) => SetAsync(http, tenant => paused.Pause(tenant, caller.Actor));

    public Task ResumeAsync(HttpContext http, Caller caller) => SetAsync(http, tenant => paused.Resume(tenant, caller.Actor));

    private async Task SetAsync(HttpContext http, Func<string, AuditDraft?> decide)
    {
        if (!TenantId.TryParse((string)http.GetRouteValue("tenant")!, out var tenant))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.NotFound, $"A tenant's name is 1 to {TenantId.MaxLength} characters of a-z 0-9 _ -"));
            return;
        }

        try
        {
            await audit.AddAsync(() => decide(tenant.Value), http.RequestAborted);
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Nobody can be paused or resumed now."));
            return;
        }

        await SendAsync(http);
    }

    private Task SendAsync(HttpContext http)
    {
        var seen = limits.Tenants.Select(tenant => tenant.Key).ToHashSet(StringComparer.Ordinal);
        return PausedAnswer.SendAsync(http, paused.All.Select(tenant => new PausedRow(tenant.Name, tenant.SinceUnixMs, tenant.By, seen.Contains(tenant.Name))));
    }
}
