using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Millrace.Gateways.Psp;

/// <summary>Streams the provider's whole record, oldest first, in constant memory: the other side of <c>verify</c>.</summary>
/// <param name="http">Asks for it.</param>
/// <param name="key">As <see cref="HttpPaymentGatewayOptions.Key"/>.</param>
public sealed class PspRecordReader(HttpClient http, string? key = null)
{
    /// <param name="psp">Root of the provider's API.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="HttpRequestException">The provider cannot be reached or does not answer 200.</exception>
    /// <exception cref="IOException">The stream broke off: what was read so far is not the whole record.</exception>
    /// <exception cref="JsonException">A line is not an operation.</exception>
    public async IAsyncEnumerable<PspRecord> ReadAllAsync(Uri psp, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(psp);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(psp, "/v1/records"));
        request.Headers.Authorization = PspAuthorization.Of(key);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await using var lines = await response.Content.ReadAsStreamAsync(cancellation);
        // NDJSON is JSON values with white space between them.
        var records = JsonSerializer.DeserializeAsyncEnumerable(lines, GatewayJson.Default.PspRecord, topLevelValues: true, cancellation);
        await foreach (var record in records)
            yield return record ?? throw new JsonException("A line of the record is null.");
    }
}
