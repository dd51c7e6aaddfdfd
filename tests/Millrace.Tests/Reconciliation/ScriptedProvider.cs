using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Domain.Identity;

namespace Millrace.Tests.Reconciliation;

/// <summary>A provider over HTTP that does what the simulator never does: one half of it is away, it finds late, and it loses what it told.</summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    private const int PageLines = 1_000;
    private readonly WebApplication _app;

    private ScriptedProvider(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>Its record; a place in it is a line's number.</summary>
    public List<(string Id, string Reference, bool IsDeclined)> Lines { get; } = [];

    /// <summary>The status that its record is answered with; null for as it should.</summary>
    public int? RecordFault { get; set; }

    /// <summary>The status that a look-up is answered with; null for as it should.</summary>
    public Func<string, int?> LookUpFault { get; set; } = _ => null;

    /// <summary>Its look-ups find nothing, whatever it has.</summary>
    public bool IsBlind { get; set; }

    /// <summary>What happens before its record is read.</summary>
    public Action BeforeRead { get; set; } = () => { };

    public int LookUps { get; private set; }

    public static async Task<ScriptedProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var provider = new ScriptedProvider(app);
        app.MapGet("/v1/records", provider.ReadAsync);
        app.MapGet("/v1/operations", provider.FindAsync);
        await app.StartAsync();
        return provider;
    }

    public void Does(string id, string reference) => Lines.Add((id, reference, false));

    public void Does(string id, OrderId order) => Does(id, ComparedNode.KeyOf(order));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task ReadAsync(HttpContext http)
    {
        BeforeRead();
        var after = int.Parse(http.Request.Query["after"]!, CultureInfo.InvariantCulture);
        if (RecordFault is { } fault || after > Lines.Count)
        {
            http.Response.StatusCode = RecordFault ?? StatusCodes.Status410Gone;
            return Task.CompletedTask;
        }

        var page = Lines.Skip(after).Take(PageLines).ToList();
        http.Response.Headers["Record-Next"] = (after + page.Count).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["Record-More"] = after + page.Count < Lines.Count ? "true" : "false";
        return http.Response.WriteAsync(string.Concat(page.Select(line => Json(line) + "\n")));
    }

    private Task FindAsync(HttpContext http)
    {
        LookUps++;
        var reference = http.Request.Query["reference"].ToString();
        if (LookUpFault(reference) is { } fault)
        {
            http.Response.StatusCode = fault;
            return Task.CompletedTask;
        }

        return http.Response.WriteAsync($"[{string.Join(',', Lines.Where(line => !IsBlind && line.Reference == reference).Select(Json))}]");
    }

    private static string Json((string Id, string Reference, bool IsDeclined) line) => $$"""
        {"id":"{{line.Id}}","kind":"authorize","reference":"{{line.Reference}}","order":"o","authorization_id":"{{line.Id}}","amount":500,"currency":"EUR","status":"{{(line.IsDeclined ? "declined" : "authorized")}}","at":"2026-01-01T00:00:00Z"}
        """;
}
