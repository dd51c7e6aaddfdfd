using System.Globalization;
using System.Net;
using Millrace.Gateways.Psp;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary><c>millrace psp</c> as a process of its own, with its own durable record.</summary>
internal sealed class PspSimulator : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private PspSimulator(Uri address, ChildProcess process)
    {
        Address = address;
        _process = process;
        _http = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public static async Task<PspSimulator> StartAsync(string directory, int port, Uri webhooks, string secret)
    {
        var address = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        var start = MillraceExecutable.With("psp", "--data", directory, "--urls", address.ToString(), "--webhook-url", webhooks.ToString(), "--seed", "7");
        start.Environment["MILLRACE_PSP_WEBHOOK_SECRET"] = secret;
        var psp = new PspSimulator(address, new ChildProcess(start));
        try
        {
            await Eventually.Async(
                () => psp._process.HasExited ? throw new InvalidOperationException(psp._process.Words) : Task.FromResult(psp._process.Output.Count > 0),
                "the PSP listens");
            return psp;
        }
        catch
        {
            await psp.DisposeAsync();
            throw;
        }
    }

    /// <summary>Replaces all faults.</summary>
    public async Task SetFaultsAsync(string json)
    {
        using var content = new StringContent(json);
        using var answer = await _http.PutAsync("/faults", content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>These faults until disposed, then none.</summary>
    public async Task<IAsyncDisposable> WithFaultsAsync(string json)
    {
        await SetFaultsAsync(json);
        return new FaultsEnd(this);
    }

    /// <summary>An authorization that is made there, whoever asks for it.</summary>
    public async Task ChargeAsync(string reference, string order, long amount, string currency, string token = "tok")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/authorizations");
        request.Headers.Add("Idempotency-Key", reference);
        request.Content = new StringContent($$"""{"reference":"{{reference}}","order":"{{order}}","amount":{{amount}},"currency":"{{currency}}","token":"{{token}}"}""");
        using var answer = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    /// <summary>The whole record, oldest first.</summary>
    public async Task<List<PspRecord>> RecordsAsync()
    {
        var records = new List<PspRecord>();
        await foreach (var record in new PspRecordReader(_http).ReadAllAsync(Address, CancellationToken.None))
            records.Add(record);
        return records;
    }

    /// <summary>Kinds of what had an effect on one order, oldest first.</summary>
    public async Task<string[]> EffectsAsync(string order) =>
        [.. (await RecordsAsync()).Where(r => r.Order == order && !r.IsDeclined).Select(r => r.Kind)];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private sealed class FaultsEnd(PspSimulator psp) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(psp.SetFaultsAsync("{}"));
    }
}
