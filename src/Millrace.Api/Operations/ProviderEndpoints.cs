using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Cluster.Payments;

namespace Millrace.Api.Operations;

/// <summary><c>/v1/psps…</c>: which payment providers are not to be asked now. For whoever runs the installation: orders of all tenants wait.</summary>
internal sealed class ProviderEndpoints(PausedProviders paused, AuditLog audit)
{
    private const int MaxName = 32;

    public async Task ListAsync(HttpContext http, Caller caller)
    {
        await paused.RefreshAsync(http.RequestAborted);
        await SendAsync(http);
    }

    // Each says what shall be, so a repeat changes nothing and needs no key.
    public Task PauseAsync(HttpContext http, Caller caller) => SetAsync(http, isPaused: true, async name =>
    {
        await audit.AddAsync(() => new AuditDraft(caller.Actor, null, "psp.paused", name), http.RequestAborted);
        await paused.PauseAsync(name, caller.Actor.Name, http.RequestAborted);
    });

    public Task ResumeAsync(HttpContext http, Caller caller) => SetAsync(http, isPaused: false, async name =>
    {
        await audit.AddAsync(() => new AuditDraft(caller.Actor, null, "psp.resumed", name), http.RequestAborted);
        await paused.ResumeAsync(name, http.RequestAborted);
    });

    private async Task SetAsync(HttpContext http, bool isPaused, Func<string, Task> set)
    {
        var name = (string)http.GetRouteValue("name")!;
        if (name.Length > MaxName || name.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.NotFound, $"A provider's name is 1 to {MaxName} printable ASCII characters without spaces."));
            return;
        }

        await paused.RefreshAsync(http.RequestAborted);
        if (paused.IsPaused(name) != isPaused)
            await set(name);
        await SendAsync(http);
    }

    private Task SendAsync(HttpContext http) =>
        PausedAnswer.SendAsync(http, paused.All.Select(provider => new PausedRow(provider.Name, provider.SinceUnixMs, provider.By, paused.IsSeen(provider.Name))));
}
