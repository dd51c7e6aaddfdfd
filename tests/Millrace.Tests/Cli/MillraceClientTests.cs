using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class MillraceClientTests
{
    private const string Problem = """
        {"type":"t","title":"The request is not acceptable","status":422,"detail":"2 fields are not acceptable.","code":"invalid_request","trace_id":"0HN",
         "errors":[{"pointer":"/lines/0/sku","code":"unknown_sku","detail":"There is no such item."}]}
        """;

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [InlineData(null)]
    [InlineData(null, true)]
    public async Task A_request_that_was_refused_for_now_or_lost_is_sent_again_with_its_key(HttpStatusCode? first, bool isAtOnce = false)
    {
        using var server = new Scripted(first, HttpStatusCode.Accepted) { Fault = isAtOnce ? new SocketException((int)SocketError.NotConnected) : new HttpRequestException("broken off") };
        using var client = new MillraceClient(new Uri("http://test"), "key", server);
        var answer = await client.PostAsync("/v1/orders", "{}"u8.ToArray(), "intent-1", CancellationToken.None);
        Assert.Equal(202, answer.Status);
        Assert.Equal(["intent-1 {}", "intent-1 {}"], server.Seen);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_asked_for_again_with_its_key()
    {
        using var server = new Scripted(HttpStatusCode.OK, HttpStatusCode.Accepted) { BreaksOffFirst = true };
        using var client = new MillraceClient(new Uri("http://test"), "key", server);
        Assert.Equal(202, (await client.PostAsync("/v1/orders", "{}"u8.ToArray(), "intent-1", CancellationToken.None)).Status);
        Assert.Equal(["intent-1 {}", "intent-1 {}"], server.Seen);
    }

    [Theory]
    [InlineData("http://test", "http://test/v1/orders:batch")]
    [InlineData("http://test/", "http://test/v1/orders:batch")]
    [InlineData("https://test:8443/shops/millrace", "https://test:8443/shops/millrace/v1/orders:batch")]
    [InlineData("https://test/millrace/", "https://test/millrace/v1/orders:batch")]
    public async Task The_path_that_a_server_is_behind_is_asked_too(string server, string address)
    {
        using var scripted = new Scripted(HttpStatusCode.OK);
        using var client = new MillraceClient(new Uri(server), "key", scripted);
        await client.PostAsync("/v1/orders:batch", "[]"u8.ToArray(), "k", CancellationToken.None);
        Assert.Equal([new Uri(address)], scripted.Addresses);
        Assert.EndsWith($"'{address}'", Curl.Of(new Uri(server), ApiRequest.Get("/v1/orders:batch")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_for_good_is_told_once_with_its_fields()
    {
        using var server = new Scripted(HttpStatusCode.UnprocessableEntity);
        using var client = new MillraceClient(new Uri("http://test"), "key", server);
        var refused = await Assert.ThrowsAsync<ApiException>(() => client.PostAsync("/v1/orders", "{}"u8.ToArray(), "k", CancellationToken.None));
        Assert.Equal((422, "invalid_request", false), (refused.Status, refused.Code, refused.IsTransient));
        Assert.Contains("/lines/0/sku: There is no such item.", refused.Message, StringComparison.Ordinal);
        Assert.Single(server.Seen);
    }

    [Theory]
    [InlineData(13_230, null)]
    [InlineData(10, 5.0)]
    public async Task A_refusal_that_lasts_longer_than_anybody_waits_is_told_at_once(int retryAfter, double? patience)
    {
        using var server = new Scripted(HttpStatusCode.TooManyRequests) { RetryAfter = TimeSpan.FromSeconds(retryAfter) };
        using var client = new MillraceClient(new Uri("http://test"), "key", server) { Patience = patience is { } seconds ? TimeSpan.FromSeconds(seconds) : null };
        var refused = await Assert.ThrowsAsync<ApiException>(() => client.PostAsync("/v1/orders", "{}"u8.ToArray(), "k", CancellationToken.None));
        Assert.Equal((429, true), (refused.Status, refused.IsTransient));
        Assert.Single(server.Seen);
    }

    // A proxy's 502 or 504 says nothing of what the server behind it did: nobody may count the order as refused.
    [Theory]
    [InlineData(429, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    [InlineData(409, false)]
    [InlineData(500, false)]
    public void What_may_pass_is_told_from_a_refusal(int status, bool isTransient)
    {
        var refused = ApiException.Of(status, default);
        Assert.Equal((isTransient, isTransient ? Acting.NoAnswer : Acting.Failed), (refused.IsTransient, Acting.Of(refused)));
    }

    [Fact]
    public void What_is_wrong_with_one_field_is_said_once()
    {
        var one = ApiException.Of(422, """{"code":"invalid_request","detail":"/url: Only https.","errors":[{"pointer":"/url","code":"invalid_url","detail":"Only https."}]}"""u8.ToArray());
        Assert.Equal("422 invalid_request: /url: Only https.\n  /url (invalid_url)", one.Message);
    }

    [Theory]
    [InlineData("<html>bad gateway</html>")]
    [InlineData("[]")]
    [InlineData("")]
    public void An_answer_of_another_program_has_a_code_too(string body) =>
        Assert.Equal("http_502", ApiException.Of(502, System.Text.Encoding.UTF8.GetBytes(body)).Code);

    /// <summary>Answers in turn; null breaks the connection.</summary>
    private sealed class Scripted(params HttpStatusCode?[] answers) : HttpMessageHandler
    {
        public List<string> Seen { get; } = [];

        public List<Uri> Addresses { get; } = [];

        public bool BreaksOffFirst { get; init; }

        // So that the test does not wait for the back-off.
        public TimeSpan RetryAfter { get; init; }

        public Exception Fault { get; init; } = new HttpRequestException("broken off");

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Addresses.Add(request.RequestUri!);
            Seen.Add($"{request.Headers.GetValues("Idempotency-Key").Single()} {await request.Content!.ReadAsStringAsync(cancellationToken)}");
            if (answers[Seen.Count - 1] is not { } status)
                throw Fault;
            var response = new HttpResponseMessage(status) { Content = BreaksOffFirst && Seen.Count == 1 ? new StreamContent(new BrokenStream()) : new StringContent(Problem) };
            response.Headers.RetryAfter = new RetryConditionHeaderValue(RetryAfter);
            return response;
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException("broken off");

        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("broken off");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("broken off");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new IOException("broken off");
    }
}
