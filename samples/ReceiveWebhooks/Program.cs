// Receives webhooks: believes only what is signed, and prints each event once.
//
//     MILLRACE_WEBHOOK_SECRET=whsec_… dotnet run --project samples/ReceiveWebhooks -- --urls http://127.0.0.1:5080
//     millrace webhooks create --to http://127.0.0.1:5080/     # shows the secret; for a receiver on this machine the server needs
//                                                              # --webhooks-allow-private --webhooks-allow-http
using System.Text.Json;
using Millrace.Client.Webhooks;

if (Environment.GetEnvironmentVariable("MILLRACE_WEBHOOK_SECRET") is not { } secret)
{
    Console.Error.WriteLine("The secret of the webhook endpoint is expected in MILLRACE_WEBHOOK_SECRET.");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var app = builder.Build();

// An event may come again. In earnest its id is stored in the same transaction as what is done with it.
var seen = new HashSet<string>(StringComparer.Ordinal);

app.MapPost("/", async http =>
{
    using var body = new MemoryStream();
    await http.Request.Body.CopyToAsync(body, http.RequestAborted);
    var headers = http.Request.Headers;
    string? id = headers[WebhookSignature.IdHeader];
    if (!WebhookSignature.Verify(secret, id, headers[WebhookSignature.TimestampHeader], headers[WebhookSignature.SignatureHeader], body.ToArray()))
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return;
    }

    using var told = JsonDocument.Parse(body.ToArray());
    lock (seen)
    {
        if (seen.Add(id!))
            Console.WriteLine($"{Text("type")} {Text("subject")} {Text("sequence")}");
    }

    // Only now: what is not answered with 2xx within 15 seconds comes again.
    http.Response.StatusCode = StatusCodes.Status204NoContent;

    string? Text(string name) => told.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
});
await app.RunAsync();
return 0;
