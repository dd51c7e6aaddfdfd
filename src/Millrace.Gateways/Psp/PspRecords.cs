using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Millrace.Gateways.Psp;

/// <param name="Records">In the order in which the provider wrote them.</param>
/// <param name="Next">Where to ask from next.</param>
/// <param name="HasMore">There was more when it answered.</param>
public sealed record PspRecordPage(IReadOnlyList<PspRecord> Records, long Next, bool HasMore);

/// <summary>The provider cannot be asked now, or does not answer in its own terms.</summary>
/// <param name="code">Stable: <c>timeout</c>, <c>network</c>, <c>bad_answer</c> or <c>http_</c> with the status.</param>
/// <param name="cause">What it was.</param>
public sealed class PspUnavailableException(string code, Exception? cause = null) : Exception($"The payment provider's record cannot be read: {code}.", cause)
{
    public string Code => code;
}

/// <summary>The provider's record does not go as far any more as it was read: it is another one, or was set back.</summary>
public sealed class PspRecordGoneException() : Exception("The payment provider's record does not go as far as it was read.");

/// <summary>The provider's own record of what it did, read on as it grows: the other side of reconciliation. Thread-safe.</summary>
public sealed class PspRecords : IDisposable
{
    /// <summary>Look-ups at one time, and connections.</summary>
    public const int MaxConcurrentCalls = 8;

    private const int MaxAnswerBytes = 4 << 20;
    private const string NextHeader = "Record-Next";
    private const string MoreHeader = "Record-More";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http;

    /// <param name="address">Scheme, host and port of the provider.</param>
    /// <param name="key">As <see cref="HttpPaymentGatewayOptions.Key"/>.</param>
    public PspRecords(Uri address, string? key = null)
        : this(PspHttp.CreateClient(address, key, MaxConcurrentCalls, MaxAnswerBytes))
    {
    }

    internal PspRecords(HttpClient http) => _http = http;

    /// <param name="after">0 for the beginning, else the <see cref="PspRecordPage.Next"/> of the page before.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="PspUnavailableException">It cannot be asked now.</exception>
    /// <exception cref="PspRecordGoneException">There is no such place in its record any more.</exception>
    public Task<PspRecordPage> ReadAsync(long after, CancellationToken cancellation) =>
        AskAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/records?after={after}"), async (answer, patience) =>
        {
            if (answer.StatusCode == HttpStatusCode.Gone)
                throw new PspRecordGoneException();
            if (!long.TryParse(Header(Require(answer), NextHeader), NumberStyles.None, CultureInfo.InvariantCulture, out var next) || !bool.TryParse(Header(answer, MoreHeader), out var hasMore))
                throw new PspUnavailableException("bad_answer");
            await using var lines = await answer.Content.ReadAsStreamAsync(patience);
            var records = new List<PspRecord>();
            await foreach (var record in JsonSerializer.DeserializeAsyncEnumerable(lines, GatewayJson.Default.PspRecord, topLevelValues: true, patience))
                records.Add(record ?? throw new JsonException("A line of the record is null."));
            return new PspRecordPage(records, next, hasMore);
        }, cancellation);

    /// <summary>Everything under one of our references, refusals too.</summary>
    /// <exception cref="PspUnavailableException">It cannot be asked now.</exception>
    public Task<IReadOnlyList<PspRecord>> FindAsync(string reference, CancellationToken cancellation) =>
        AskAsync<IReadOnlyList<PspRecord>>($"/v1/operations?reference={Uri.EscapeDataString(reference)}", async (answer, patience) =>
        {
            await using var body = await Require(answer).Content.ReadAsStreamAsync(patience);
            return await JsonSerializer.DeserializeAsync(body, GatewayJson.Default.ListPspRecord, patience) ?? throw new JsonException("null");
        }, cancellation);

    public void Dispose() => _http.Dispose();

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static HttpResponseMessage Require(HttpResponseMessage answer) =>
        answer.StatusCode == HttpStatusCode.OK ? answer : throw new PspUnavailableException($"http_{(int)answer.StatusCode}");

    private async Task<T> AskAsync<T>(string path, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var answer = await _http.GetAsync(path, patience.Token);
            return await read(answer, patience.Token);
        }
        catch (OperationCanceledException failure) when (!cancellation.IsCancellationRequested)
        {
            throw new PspUnavailableException("timeout", failure);
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException)
        {
            throw new PspUnavailableException("network", failure);
        }
        catch (JsonException failure)
        {
            throw new PspUnavailableException("bad_answer", failure);
        }
    }
}
