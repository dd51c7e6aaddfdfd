using System.Text;
using System.Text.Json;
using Millrace.Client.Events;
using Millrace.Client.Json;

namespace Millrace.Client.Sending;

/// <summary>Server-sent events, as the HTML standard defines them, of one open answer.</summary>
internal sealed class EventStream(HttpResponseMessage response, StreamReader reader, TimeProvider time) : IDisposable
{
    // The server says something every ten seconds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>The last that came.</summary>
    public string Cursor { get; private set; } = "";

    /// <summary>What came with the last block; null for a block that only told a cursor.</summary>
    public CloudEvent? Event { get; private set; }

    /// <returns>False at its end, which is also when nothing comes any more.</returns>
    public async Task<bool> ReadAsync(CancellationToken cancellation)
    {
        Event = null;
        var data = new StringBuilder();
        while (await LineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                    Event = JsonSerializer.Deserialize(data.ToString(), ClientJson.Default.CloudEvent);
                // Before the first cursor there is nowhere to come back to.
                if (Cursor.Length > 0)
                    return true;
                data.Clear();
            }
            else if (Value(line, "id") is { } id)
            {
                Cursor = id;
            }
            else if (Value(line, "data") is { } more)
            {
                data.Append(data.Length == 0 ? "" : "\n").Append(more);
            }
        }

        return false;
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }

    private async Task<string?> LineAsync(CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellation);
        try
        {
            return await reader.ReadLineAsync(either.Token);
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException || (ended is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static string? Value(string line, string field) =>
        line.StartsWith(field + ":", StringComparison.Ordinal) ? line[(field.Length + 1)..].TrimStart(' ') : null;
}
