using System.Text.Json;
using Millrace.Api.Problems;
using Millrace.Api.Tls;
using Millrace.Engine.Journal;

namespace Millrace.Api.Edge;

/// <summary>
/// The one layer around every request: it names the request, forbids sniffing, and sees to it that every refusal,
/// ours or the framework's, leaves as a problem document.
/// </summary>
/// <param name="next">What is behind it.</param>
/// <param name="logger">Hears of what failed.</param>
/// <param name="isTlsInFront">Whoever asks has spoken TLS to what lies in front.</param>
internal sealed partial class EdgeMiddleware(RequestDelegate next, ILogger<EdgeMiddleware> logger, bool isTlsInFront = false)
{
    public static readonly Problem Malformed = new(ProblemKinds.MalformedJson, "The body is not well-formed JSON, or it is nested too deeply.");

    public async Task InvokeAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["Request-Id"] = http.TraceIdentifier;
        headers.XContentTypeOptions = "nosniff";
        if (http.Request.IsHttps || isTlsInFront)
            headers.StrictTransportSecurity = TlsListening.StrictTransportSecurity;
        try
        {
            await next(http);
            if (http.Response.StatusCode >= 400 && !http.Response.HasStarted && http.Response.ContentType is null)
                await Answer.Problem(http, new Problem(ProblemKinds.ForStatus(http.Response.StatusCode), Words(http.Response.StatusCode)));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            http.Abort();
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await Answer.Problem(http, Understand(e, http));
        }
    }

    private Problem Understand(Exception e, HttpContext http)
    {
        switch (e)
        {
            case JsonException:
                return Malformed;
            case BadHttpRequestException bad:
                return new Problem(ProblemKinds.ForStatus(bad.StatusCode), Words(bad.StatusCode));
            // Whatever was asked of it, it can be asked again.
            case StoreUnavailableException:
                return new Problem(ProblemKinds.Unavailable, "The store cannot be asked now.");
            default:
                LogFailure(e, http.TraceIdentifier);
                return new Problem(ProblemKinds.InternalError, Words(StatusCodes.Status500InternalServerError));
        }
    }

    // Ours, never the exception's: those may tell of the inside.
    private static string Words(int status) => status switch
    {
        404 => "No resource has this address.",
        405 => "See the Allow header for the methods that this address knows.",
        408 => "The body did not arrive in time.",
        413 => "The body is larger than any that is accepted here.",
        415 => "The body's media type is not accepted here.",
        >= 500 => "The failure is recorded under the trace id.",
        _ => "The request could not be understood.",
    };

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private partial void LogFailure(Exception e, string requestId);
}
