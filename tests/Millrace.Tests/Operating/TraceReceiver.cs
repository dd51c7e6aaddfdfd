using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.Tests.Operating;

/// <summary>A span, as it came.</summary>
internal sealed record ReceivedSpan(string Scope, string Name, string Trace, string Id, string? Parent, IReadOnlyList<string> LinkedTraces, IReadOnlyDictionary<string, string> Tags);

/// <summary>Takes OTLP over HTTP, as a collector would: as much of its protobuf as is looked at here.</summary>
internal sealed class TraceReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();

    private TraceReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/v1/traces", (RequestDelegate)TakeAsync);
        _app.MapPost("/v1/metrics", (RequestDelegate)(http =>
        {
            HasMetrics = true;
            return Task.CompletedTask;
        }));
    }

    public string Address => _app.Urls.Single();

    public bool HasMetrics { get; private set; }

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public static async Task<TraceReceiver> StartAsync()
    {
        var receiver = new TraceReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        foreach (var ofResource in Fields(body.ToArray()).Where(f => f.Number == 1))
        {
            foreach (var ofScope in Fields(ofResource.Bytes).Where(f => f.Number == 2))
            {
                var fields = Fields(ofScope.Bytes);
                var scope = fields.Where(f => f.Number == 1).Select(f => Text(Fields(f.Bytes), 1)).FirstOrDefault() ?? "";
                foreach (var span in fields.Where(f => f.Number == 2))
                    _spans.Enqueue(Read(scope, Fields(span.Bytes)));
            }
        }
    }

    // https://github.com/open-telemetry/opentelemetry-proto: trace_id 1, span_id 2, parent_span_id 4, name 5, attributes 9, links 13.
    private static ReceivedSpan Read(string scope, List<Field> span) => new(
        scope, Text(span, 5)!, Hex(span, 1)!, Hex(span, 2)!, Hex(span, 4),
        [.. span.Where(f => f.Number == 13).Select(link => Hex(Fields(link.Bytes), 1)!)],
        span.Where(f => f.Number == 9).Select(f => Fields(f.Bytes)).ToDictionary(tag => Text(tag, 1)!, tag => Text(Fields(tag.First(f => f.Number == 2).Bytes), 1) ?? "", StringComparer.Ordinal));

    private static string? Text(List<Field> fields, int number) => fields.Where(f => f.Number == number).Select(f => Encoding.UTF8.GetString(f.Bytes)).FirstOrDefault();

    private static string? Hex(List<Field> fields, int number) => fields.Where(f => f.Number == number && f.Bytes.Length > 0).Select(f => Convert.ToHexStringLower(f.Bytes)).FirstOrDefault();

    private sealed record Field(int Number, byte[] Bytes);

    private static List<Field> Fields(byte[] message)
    {
        var fields = new List<Field>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var length = (key & 7) switch
            {
                0 => 0,
                1 => 8,
                2 => (int)Varint(message, ref at),
                5 => 4,
                var type => throw new InvalidDataException($"Wire type {type}."),
            };
            if ((key & 7) == 0)
                Varint(message, ref at);
            fields.Add(new Field((int)(key >> 3), message[at..(at + length)]));
            at += length;
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }
}
