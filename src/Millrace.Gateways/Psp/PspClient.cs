using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Millrace.Engine.Payments;
using Polly;

namespace Millrace.Gateways.Psp;

/// <summary>One execution over HTTP: look up when it may have been done before, else do it.</summary>
internal sealed class PspClient(HttpClient http)
{
    /// <summary>In bytes. An answer or a look-up is below 1 KiB per operation.</summary>
    public const int MaxAnswerBytes = 256 * 1024;

    /// <param name="caller">The caller's own token, to tell its cancellation from our time-out.</param>
    /// <param name="cancellation">Both of them.</param>
    public async ValueTask<Outcome<PspAnswer>> CallAsync(PaymentRequest request, CancellationToken caller, CancellationToken cancellation)
    {
        try
        {
            var known = request.Attempt > 1 ? await LookUpAsync(request, cancellation) : null;
            return Outcome.FromResult(known ?? await ExecuteAsync(request, cancellation));
        }
        catch (OperationCanceledException exception)
        {
            return caller.IsCancellationRequested
                ? Outcome.FromException<PspAnswer>(exception)
                : Outcome.FromResult(PspAnswer.Failing("timeout"));
        }
        // A socket's own where the provider closes a connection in the instant in which it was made.
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            return Outcome.FromResult(PspAnswer.Failing("network"));
        }
        catch (JsonException)
        {
            return Outcome.FromResult(PspAnswer.Failing("bad_answer"));
        }
    }

    // Null: the provider knows nothing of the reference, so executing is safe under the same key.
    private async Task<PspAnswer?> LookUpAsync(PaymentRequest request, CancellationToken cancellation)
    {
        var path = "/v1/operations?reference=" + Uri.EscapeDataString(request.IdempotencyKey);
        using var response = await http.GetAsync(path, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
            return FromStatus(response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var found = await JsonSerializer.DeserializeAsync(body, GatewayJson.Default.ListPspRecord, cancellation);
        return found is null ? throw new JsonException("null") : PspRecordMatch.Find(found, request);
    }

    private async Task<PspAnswer> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, PathOf(request)) { Content = new ByteArrayContent(BodyOf(request)) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Add("Idempotency-Key", request.IdempotencyKey);
        using var response = await http.SendAsync(message, cancellation);
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.PaymentRequired or HttpStatusCode.Conflict or HttpStatusCode.BadRequest))
            return FromStatus(response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var answer = await JsonSerializer.DeserializeAsync(body, GatewayJson.Default.PspReply, cancellation);
        return response.StatusCode == HttpStatusCode.Created ? FromSuccess(request, answer) : FromRefusal(answer);
    }

    private static PspAnswer FromSuccess(PaymentRequest request, PspReply? answer)
    {
        if (answer is not { Id: { Length: > 0 and <= PspRecord.MaxNameLength } id })
            return PspAnswer.Failing("bad_answer");
        // A success for something else than we asked is not ours to book.
        return answer.Reference == request.IdempotencyKey && answer.Amount == request.AmountMinor
            ? PspAnswer.Settled(new PaymentOutcome.Succeeded(id))
            : PspAnswer.Disputed("record_mismatch");
    }

    // Only a refusal with the provider's own code is final; one of a proxy on the way has none.
    private static PspAnswer FromRefusal(PspReply? answer) =>
        answer is { Code: { Length: > 0 and <= PspRecord.MaxNameLength } code }
            ? PspAnswer.Settled(new PaymentOutcome.Declined(code, answer.Soft ?? false))
            : PspAnswer.Failing("bad_answer");

    private static PspAnswer FromStatus(HttpStatusCode status) => status switch
    {
        // The key was used for other money than this: calling it declined would deny a charge that may exist.
        HttpStatusCode.UnprocessableEntity => PspAnswer.Disputed("key_reused"),
        HttpStatusCode.NotFound => PspAnswer.Disputed("http_404"),
        _ => PspAnswer.Failing($"http_{(int)status}"),
    };

    private static string PathOf(PaymentRequest request)
    {
        if (request.Operation == PaymentOperation.Authorize)
            return "/v1/authorizations";
        var authorization = Uri.EscapeDataString(request.AuthorizationReference ?? throw new UnreachableException("A follow-up names its authorization."));
        return request.Operation switch
        {
            PaymentOperation.Capture => $"/v1/authorizations/{authorization}/captures",
            PaymentOperation.Void => $"/v1/authorizations/{authorization}/void",
            PaymentOperation.Refund => $"/v1/authorizations/{authorization}/refunds",
            _ => throw new UnreachableException(),
        };
    }

    private static byte[] BodyOf(PaymentRequest request) => JsonSerializer.SerializeToUtf8Bytes(
        request.Operation switch
        {
            PaymentOperation.Authorize => new PspCommand(
                request.IdempotencyKey, request.Order.ToString(), request.AmountMinor, request.CurrencyCode, request.Token),
            PaymentOperation.Void => new PspCommand(request.IdempotencyKey),
            _ => new PspCommand(request.IdempotencyKey, Amount: request.AmountMinor),
        },
        GatewayJson.Default.PspCommand);
}
