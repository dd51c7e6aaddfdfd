using System.Text.Json.Nodes;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Jobs;

/// <summary>What tests of jobs ask a server for.</summary>
internal static class JobShop
{
    /// <returns>The ids of confirmed orders of a customer that nobody else has, newest first, as soon as the list shows them.</returns>
    public static async Task<(string Customer, List<string> Orders)> OrdersAsync(this ApiServer server, int count)
    {
        var customer = "c-" + Guid.NewGuid().ToString("N")[..12];
        await server.StockAsync("SKU-" + customer, 10_000);
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => server.PlaceAsync(customer, "SKU-" + customer)));
        var listed = await Eventually.AsyncOf(
            () => server.GetAsync($"/v1/orders?status=confirmed&limit=200&customer={customer}"), list => list["data"].AsArray().Count == count, "the list shows all of them as they are");
        return (customer, [.. listed["data"].AsArray().Select(order => (string)order!["id"]!)]);
    }

    /// <returns>The id of a confirmed order, which the list may not show yet.</returns>
    public static async Task<string> PlaceAsync(this ApiServer server, string customer, string sku)
    {
        var placed = await server.PostAsync("/v1/orders",
            $$"""{"customer":{"id":"{{customer}}"},"currency":"EUR","lines":[{"sku":"{{sku}}","quantity":1}],"payment":{"token":"tok_visa"} }""", Guid.NewGuid().ToString(), "Prefer: wait=20");
        Assert.Equal(201, placed.Status);
        return placed.Id();
    }

    public static Task<ApiAnswer> GetAsync(this ApiServer server, string path) => server.SendAsync("GET", path);

    public static async Task<string> StartAsync(this ApiServer server, string body)
    {
        var started = await server.PostAsync("/v1/jobs", body, Guid.NewGuid().ToString());
        Assert.Equal(202, started.Status);
        Assert.Equal("/v1/jobs/" + started.Id(), started.Header("Location"));
        return started.Id();
    }

    public static Task<ApiAnswer> UntilAsync(this ApiServer server, string job, Func<ApiAnswer, bool> isDone, string claim) =>
        Eventually.AsyncOf(() => server.GetAsync("/v1/jobs/" + job), isDone, claim);

    public static Task<ApiAnswer> UntilAsync(this ApiServer server, string job, string status) => server.UntilAsync(job, shown => shown.Text("status") == status, "the job is " + status);

    /// <returns>Orders, outcomes and codes of all pages.</returns>
    public static async Task<List<(string Order, string Outcome, string? Code)>> ResultsAsync(this ApiServer server, string job, int pageSize = 200)
    {
        var rows = new List<(string, string, string?)>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await server.GetAsync($"/v1/jobs/{job}/results?limit={pageSize}{cursor}");
            Assert.Equal(200, page.Status);
            rows.AddRange(page["data"].AsArray().Select(row => ((string)row!["order"]!, (string)row["outcome"]!, (string?)row["code"])));
            cursor = (string?)JsonNode.Parse(page.Body)!["next_cursor"] is { } next ? "&cursor=" + next : null;
        }

        return rows;
    }

    public static async Task<JsonArray> HoldsAsync(this ApiServer server, string order) => (await server.GetAsync("/v1/orders/" + order))["holds"].AsArray();
}
