using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Operations;
using Millrace.PspSimulator.Record;
using Millrace.PspSimulator.Webhooks;

namespace Millrace.PspSimulator;

/// <summary>
/// A payment service provider for tests and demonstrations: a separate server with its own durable record, idempotency
/// keys that expire, webhooks, and faults on demand.
/// </summary>
public static class PspServer
{
    /// <summary>Bounds the lines that wait for the disk and the memory of delayed requests.</summary>
    private const int MaxConnections = 8192;

    /// <summary>In bytes; the largest well-formed request is below 4 KiB.</summary>
    private const int MaxBodyBytes = 16 * 1024;

    /// <summary>Runs until the token, SIGINT or SIGTERM; prints where it listens once it does.</summary>
    /// <returns>0 after a stop; 1, with one line on standard error, when it could not start.</returns>
    public static async Task<int> RunAsync(PspServerOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Fault() is { } fault)
            return await RefuseAsync(fault);
        try
        {
            await using var app = Build(options);
            await app.StartAsync(cancellation);
            await Console.Out.WriteLineAsync($"psp listening on {string.Join(' ', app.Urls)}");
            await app.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Told to stop while it was starting.
            return 0;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException
                                              or ArgumentException or FormatException or AddressInUseException)
        {
            return await RefuseAsync(exception.Message);
        }
    }

    /// <summary>Opens the record and readies a server that is not yet listening. Dispose it to close the record.</summary>
    /// <exception cref="ArgumentException">An option is outside of its range.</exception>
    /// <exception cref="IOException">The data folder cannot be used, or another process has it open.</exception>
    /// <exception cref="InvalidDataException">The record is damaged before its last line, or not ours.</exception>
    public static WebApplication Build(PspServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Fault() is { } fault)
            throw new ArgumentException(fault, nameof(options));
        // Empty, so that no settings file or environment variable of the folder it starts in changes what it does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(options.Urls).ConfigureKestrel(Limit);
        // The host's own words on a failed start are a stack trace; RunAsync says it in a line.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        AddParts(builder.Services, options);
        var app = builder.Build();
        try
        {
            MapRoutes(app, options.Key);
            return app;
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }

    private static async Task<int> RefuseAsync(string reason)
    {
        await Console.Error.WriteLineAsync($"psp cannot start: {reason}");
        return 1;
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        // One request at a time per connection is what makes MaxConnections a bound on requests.
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }

    private static void AddParts(IServiceCollection services, PspServerOptions options)
    {
        services.AddRoutingCore();
        services.AddSingleton(options.Time);
        services.AddSingleton(new FaultDice(options.Seed));
        services.AddSingleton(parts => new RecordFile(options.DataDirectory, parts.GetRequiredService<ILogger<RecordFile>>()));
        services.AddSingleton<OperationBook>();
        services.AddSingleton<FaultGate>();
        if (options is { WebhookUrl: { } url, WebhookSecret: { } secret })
            services.AddSingleton(parts => new WebhookSender(url, secret, options.Time, parts.GetRequiredService<ILogger<WebhookSender>>()));
        services.AddSingleton(parts => new WebhookQueue(
            parts.GetService<WebhookSender>(), parts.GetRequiredService<FaultDice>(), options.Time,
            parts.GetRequiredService<ILogger<WebhookQueue>>()));
        services.AddHostedService(parts => parts.GetRequiredService<WebhookQueue>());
        services.AddSingleton<OperationEndpoints>();
        services.AddSingleton<RecordEndpoints>();
        services.AddSingleton<FaultEndpoints>();
    }

    private static void MapRoutes(WebApplication app, string? key)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = AnswerFailureAsync,
            // Each of these is logged where it began, or is the client's.
            SuppressDiagnosticsCallback = failure => failure.Exception is IOException or OperationCanceledException,
        });
        if (key is not null)
            app.Use((context, next) => IsOpenTo(context.Request, key) ? next(context) : Answers.WriteAsync(context, StatusCodes.Status401Unauthorized, new Problem("unauthorized")));
        app.Services.GetRequiredService<OperationEndpoints>().Map(app);
        app.Services.GetRequiredService<RecordEndpoints>().Map(app);
        app.Services.GetRequiredService<FaultEndpoints>().Map(app);
        app.MapGet("/livez", (RequestDelegate)(context => context.Response.WriteAsync("ok", context.RequestAborted)));
    }

    // What sets its faults and asks whether it lives is no merchant.
    private static bool IsOpenTo(HttpRequest request, string key) =>
        !request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase)
        || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {key}"));

    // A record that cannot be written is 503: nothing is known to have happened, so nothing may be said to have.
    private static Task AnswerFailureAsync(HttpContext context) =>
        context.Features.Get<IExceptionHandlerFeature>()!.Error switch
        {
            Microsoft.AspNetCore.Http.BadHttpRequestException bad => Answers.WriteAsync(context, bad.StatusCode, new Problem("invalid_request", bad.Message)),
            IOException => Answers.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, new Problem("record_unavailable")),
            OperationCanceledException => Answers.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, new Problem("stopping")),
            _ => Answers.WriteAsync(context, StatusCodes.Status500InternalServerError, new Problem("internal_error")),
        };
}
