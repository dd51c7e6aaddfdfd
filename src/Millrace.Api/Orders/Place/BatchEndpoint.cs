using System.Buffers;
using System.Text.Json;
using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;

namespace Millrace.Api.Orders.Place;

/// <summary><c>POST /v1/orders:batch</c>: many orders in one request, each with its own key and its own outcome.</summary>
internal sealed class BatchEndpoint(PlaceOrders orders, TrackingTokens tokens, ApiOptions options, ApiMetrics metrics)
{
    // Enough to fill a group commit; one client must not fill a partition's queue alone.
    private const int MaxConcurrent = 64;

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var rows = new List<BatchRow>();
        if (await ReadAsync(http.Request, rows) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var outcomes = new PlaceOutcome[rows.Count];
        var bounds = new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = http.RequestAborted };
        // Rows of one key in the order given: the first is the order, the others its repeats.
        await Parallel.ForEachAsync(Enumerable.Range(0, rows.Count).GroupBy(i => rows[i].Key, StringComparer.Ordinal), bounds, async (same, cancellation) =>
        {
            foreach (var i in same)
            {
                var row = rows[i];
                outcomes[i] = row.Problem is null
                    ? await orders.PlaceAsync(row.Draft, caller, row.Key, row.PayloadHash, Priority.Bulk, null, cancellation)
                    : new PlaceOutcome(null, false, row.Problem);
            }
        });
        foreach (var outcome in outcomes)
            metrics.Row(outcome);
        await Answer.Json(http, StatusCodes.Status200OK, (rows, outcomes, Answer.TraceId(http), tokens), Write);
    }

    private async ValueTask<Problem?> ReadAsync(HttpRequest request, List<BatchRow> rows)
    {
        var isLines = BodyReading.HasMediaType(request.ContentType, "application/x-ndjson");
        if (!isLines && !BodyReading.HasMediaType(request.ContentType, "application/json"))
            return new Problem(ProblemKinds.UnsupportedMediaType, "Send application/json or application/x-ndjson.");
        if (BodyReading.CheckSize(request, BodyReading.MaxBatchBytes) is { } tooLarge)
            return tooLarge;
        var body = await BodyReading.ReadAsync(request, BodyReading.MaxBatchBytes);
        byte[]? rented = null;
        try
        {
            return body.Buffer.Length > BodyReading.MaxBatchBytes
                ? BodyReading.TooLarge(BodyReading.MaxBatchBytes)
                : BatchParser.Parse(BodyReading.Contiguous(body, out rented), isLines, options.OnlyPsp, rows);
        }
        finally
        {
            BodyReading.Release(request, body);
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void Write(Utf8JsonWriter w, (List<BatchRow> Rows, PlaceOutcome[] Outcomes, string TraceId, TrackingTokens Tokens) batch)
    {
        w.WriteStartObject();
        w.WriteStartArray("data"u8);
        for (var i = 0; i < batch.Outcomes.Length; i++)
        {
            var outcome = batch.Outcomes[i];
            w.WriteStartObject();
            w.WriteNumber("row"u8, i);
            w.WriteString("idempotency_key"u8, batch.Rows[i].Key.Length == 0 ? null : batch.Rows[i].Key);
            w.WriteNumber("status"u8, outcome.Problem?.Kind.Status ?? StatusCodes.Status202Accepted);
            w.WriteBoolean("replayed"u8, outcome.IsReplay);
            if (outcome.Problem is not null)
            {
                w.WritePropertyName("problem"u8);
                ProblemJson.Write(w, outcome.Problem, batch.TraceId);
            }
            else
            {
                // Its header, were it alone.
                w.WriteString("consistency_token"u8, ConsistencyToken.Of(outcome.Order!));
                w.WritePropertyName("order"u8);
                OrderJson.Write(w, outcome.Order!, batch.Tokens);
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }
}
