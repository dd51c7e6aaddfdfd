using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Client;
using Millrace.Client.ApiKeys;
using Millrace.Client.Audit;
using Millrace.Client.Items;
using Millrace.Client.Stock;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>The node, the cluster, stock, keys and the audit log.</summary>
internal static class SystemPages
{
    private const int Minute = 60;
    private const int MostWanted = 10;

    private static readonly (string Name, Func<AuditEntry, string?> Of)[] AuditColumns =
    [
        ("seq", one => one.Seq.ToString(CultureInfo.InvariantCulture)), ("at", one => Export.Time(one.At)), ("actor_kind", one => one.Actor.Kind), ("actor", one => one.Actor.Name),
        ("action", one => one.Action), ("subject", one => one.Subject), ("detail", one => string.Join(", ", one.Detail.Select(part => $"{part.Key}: {part.Value}"))), ("chain", one => one.Chain),
    ];

    public static async Task<IResult> OverviewAsync(HttpContext http, Session session)
    {
        if (!session.May("system:operate"))
            return Results.Redirect("/orders");
        var overview = session.Api.Overview.GetAsync(Minute, cancellation: http.RequestAborted);
        var nodes = session.Api.Cluster.ListNodesAsync(cancellation: http.RequestAborted);
        var alerts = View.OrNothingAsync(call => session.Api.Alerts.ListAsync(call, http.RequestAborted));
        var breaks = View.OrNothingAsync(call => session.Api.Reconciliation.GetAsync(call, http.RequestAborted));
        await Task.WhenAll(overview, nodes, alerts, breaks);
        return View.Of<OverviewPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Overview"] = overview.Result.Value, ["Nodes"] = nodes.Result.Value, ["Alerts"] = alerts.Result, ["OpenBreaks"] = breaks.Result?.Open,
        });
    }

    public static async Task<IResult> ClusterAsync(HttpContext http, Session session)
    {
        var nodes = session.Api.Cluster.ListNodesAsync(cancellation: http.RequestAborted);
        var partitions = session.Api.Cluster.ListPartitionsAsync(cancellation: http.RequestAborted);
        var paused = session.Api.Providers.ListPausedAsync(cancellation: http.RequestAborted);
        await Task.WhenAll(nodes, partitions, paused);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<ClusterPage>(new(StringComparer.Ordinal)
        {
            ["HasOrleansDashboard"] = http.RequestServices.GetRequiredService<ConsoleOptions>().HasOrleansDashboard, ["Session"] = session, ["Nodes"] = nodes.Result.Value, ["Partitions"] = partitions.Result.Value.Data, ["Paused"] = paused.Result.Value.Data, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static async Task<IResult> AuditorAsync(HttpContext http, Session session) => View.Of<AuditorPage>(new(StringComparer.Ordinal)
    {
        ["Session"] = session, ["Report"] = (await session.Api.Auditor.GetAsync(cancellation: http.RequestAborted)).Value,
    });

    public static Task<IResult> DrainAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync("/cluster", () => session.Api.Cluster.DrainAsync((string)http.Request.RouteValues["node"]!, cancellation: http.RequestAborted));

    public static Task<IResult> UndrainAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync("/cluster", () => session.Api.Cluster.UndrainAsync((string)http.Request.RouteValues["node"]!, cancellation: http.RequestAborted));

    public static Task<IResult> PausePspAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync("/cluster", () => session.Api.Providers.PauseAsync(View.Given(form["psp"]) ?? throw new FormatException("No name."), cancellation: http.RequestAborted));

    public static Task<IResult> ResumePspAsync(HttpContext http, Session session, IFormCollection form) =>
        View.ActAsync("/cluster", () => session.Api.Providers.ResumeAsync((string)http.Request.RouteValues["psp"]!, cancellation: http.RequestAborted));

    public static async Task<IResult> StockAsync(HttpContext http, Session session)
    {
        var (notice, isProblem) = View.Notice(http);
        var sku = http.Request.Query["sku"].ToString().Trim();
        var cursor = View.Given(http.Request.Query["cursor"]);
        Item? item = null;
        Page<Item>? items = null;
        Demand? demand = null;
        try
        {
            if (sku.Length == 0 && cursor is null)
                demand = await View.OrNothingAsync(call => session.Api.Stock.GetDemandAsync(MostWanted, call, http.RequestAborted));
            item = sku.Length == 0 || cursor is not null ? null : await FindItemAsync(session, sku, http.RequestAborted);
            items = item is not null ? null : (await session.Api.Items.ListPageAsync(sku.Length == 0 ? null : sku, cursor, cancellation: http.RequestAborted)).Value;
        }
        catch (MillraceProblemException refused) when (refused.Status == StatusCodes.Status400BadRequest)
        {
            (notice, isProblem) = (refused.Problem.Detail, true);
        }

        return View.Of<StockPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Sku"] = sku, ["Item"] = item, ["Items"] = items, ["Demand"] = demand, ["Cursor"] = cursor, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static string StockLink(string sku) => "/stock?sku=" + Uri.EscapeDataString(sku);

    // What is not one may be what several begin with.
    private static async Task<Item?> FindItemAsync(Session session, string sku, CancellationToken cancellation)
    {
        try
        {
            return (await session.Api.Items.GetAsync(sku, cancellation: cancellation)).Value;
        }
        catch (MillraceProblemException refused) when (refused.Status == StatusCodes.Status404NotFound)
        {
            return null;
        }
    }

    public static Task<IResult> AdjustAsync(HttpContext http, Session session, IFormCollection form)
    {
        var sku = form["sku"].ToString();
        return View.ActAsync(StockLink(sku), () => session.Api.Stock.AdjustAsync(
            new StockAdjustment(sku, long.Parse(form["delta"].ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), form["reason"].ToString(), View.Given(form["location"])),
            new CallOptions { IdempotencyKey = View.Given(form["key"]) }, http.RequestAborted));
    }

    public static Task<IResult> KeysAsync(HttpContext http, Session session) => KeysAsync(http, session, null);

    public static async Task<IResult> MakeKeyAsync(HttpContext http, Session session, IFormCollection form)
    {
        try
        {
            if (!TryReadEnd(View.Given(form["days"]), out var ends))
                return View.Back("/keys", "A key ends after 1 to 3650 days, or never.", isProblem: true);
            var made = await session.Api.ApiKeys.CreateAsync(
                new NewApiKey(form["name"].ToString(), form["scopes"].ToString().Split(' '), ends), new CallOptions { IdempotencyKey = View.Given(form["key"]) }, http.RequestAborted);
            // Shown in this answer: an address would keep it.
            return await KeysAsync(http, session, made.Value);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back("/keys", refused.Problem.Detail ?? refused.Code, isProblem: true);
        }
    }

    private static bool TryReadEnd(string? days, out DateTimeOffset? end)
    {
        end = null;
        if (days is null)
            return true;
        if (!int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 3650)
            return false;
        end = DateTimeOffset.UtcNow.AddDays(count);
        return true;
    }

    public static Task<IResult> RevokeAsync(HttpContext http, Session session, IFormCollection form) => View.ActAsync("/keys", async () =>
    {
        await session.Api.ApiKeys.RevokeAsync((string)http.Request.RouteValues["key"]!, cancellation: http.RequestAborted);
        return await session.Api.ApiKeys.ListAsync(cancellation: http.RequestAborted);
    });

    public static async Task<IResult> AuditAsync(HttpContext http, Session session) => View.Of<AuditPage>(new(StringComparer.Ordinal)
    {
        ["Session"] = session, ["Page"] = (await session.Api.Audit.ListPageAsync(View.Given(http.Request.Query["after"]), cancellation: http.RequestAborted)).Value,
    });

    public static Task<IResult> ExportAuditAsync(HttpContext http, Session session) =>
        Export.SendAsync(http, session.Api.Audit.ListAsync(Export.PageSize, http.RequestAborted), "audit", AuditColumns);

    private static async Task<IResult> KeysAsync(HttpContext http, Session session, ApiKey? made)
    {
        var keys = await session.Api.ApiKeys.ListAsync(cancellation: http.RequestAborted);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<KeysPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Keys"] = keys.Value.Data.OrderByDescending(key => key.CreatedAt).ToList(), ["Made"] = made, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }
}
