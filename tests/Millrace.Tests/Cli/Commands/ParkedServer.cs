using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>Parked orders as the API lists them. A real server parks one after half a minute of a failing provider, or when its own rules fail: too slow for a test, and nothing to bring about.</summary>
public sealed class ParkedServer : IAsyncLifetime
{
    /// <summary>Went on since the list was made.</summary>
    public const string Refused = "ord_3";

    private const int PageSize = 3;
    private readonly List<(string Id, string Code)> _orders = [.. Enumerable.Range(1, 8).Select(i => ($"ord_{i}", i % 2 == 0 ? "poison" : "answer_set_aside"))];
    private WebApplication? _app;

    public string Url => _app!.Urls.First();

    /// <summary>What was resumed: id and idempotency key, in turn.</summary>
    internal ConcurrentQueue<(string Id, string Key)> Resumed { get; } = [];

    internal string[] Scopes { get; set; } = ["admin"];

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Map("/v1/{**path}", HandleAsync);
        await _app.StartAsync();
    }

    public ValueTask DisposeAsync() => _app!.DisposeAsync();

    private Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!.Split('/')[2..];
        if (path is ["caller"])
            return http.Response.WriteAsJsonAsync(new { tenant = "acme", scopes = Scopes });
        if (path is ["orders"])
        {
            var code = http.Request.Query["attention_code"].FirstOrDefault();
            var parked = http.Request.Query["attention"] == "true" ? _orders.FindAll(order => code is null || order.Code == code) : [];
            return http.Response.WriteAsJsonAsync(Page(parked, int.Parse(http.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture)));
        }

        if (path is ["orders", var shown] && _orders.Exists(o => o.Id == shown))
            return http.Response.WriteAsJsonAsync(shown == Refused ? new { id = shown, status = "pending" } : Order(_orders.Find(o => o.Id == shown)));
        if (path is ["orders", var id, "resume"] && id != Refused)
        {
            Resumed.Enqueue((id, http.Request.Headers["Idempotency-Key"].ToString()));
            return http.Response.WriteAsJsonAsync(new { id });
        }

        http.Response.StatusCode = path is ["orders", Refused, ..] ? 409 : 404;
        return http.Response.WriteAsJsonAsync(new { code = path is ["orders", Refused, ..] ? "not_parked" : "order_not_found", detail = "No." });
    }

    // Newest first, as the API lists.
    private static object Page(List<(string Id, string Code)> orders, int from) => new
    {
        data = Enumerable.Reverse(orders).Skip(from).Take(PageSize).Select(Order),
        next_cursor = from + PageSize < orders.Count ? (from + PageSize).ToString(CultureInfo.InvariantCulture) : null,
    };

    private static object Order((string Id, string Code) order) => new
    {
        id = order.Id, status = "pending", placed_at = "2026-01-31T12:00:00.000Z",
        attention = new { code = order.Code, detail = $"Why {order.Code}.", at = $"2026-01-31T12:00:0{order.Id[^1]}.000Z" },
    };
}
