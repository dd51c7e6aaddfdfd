using System.Net;
using System.Net.Http.Headers;
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
    [InlineData(null)]
    public async Task A_request_that_was_refused_for_now_or_lost_is_sent_again_with_its_key(HttpStatusCode? first)
    {
        using var server = new Scripted(first, HttpStatusCode.Accepted);
        using var client = new MillraceClient(new Uri("http://test"), "key", server);
        var answer = await client.PostAsync("/v1/orders", "{}"u8.ToArray(), "intent-1", CancellationToken.None);
        Assert.Equal(202, answer.Status);
        Assert.Equal(["intent-1 {}", "intent-1 {}"], server.Seen);
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
    [InlineData("<html>bad gateway</html>")]
    [InlineData("[]")]
    [InlineData("")]
    public void An_answer_of_another_program_has_a_code_too(string body) =>
        Assert.Equal("http_502", ApiException.Of(502, System.Text.Encoding.UTF8.GetBytes(body)).Code);

    /// <summary>Answers in turn; null breaks the connection.</summary>
    private sealed class Scripted(params HttpStatusCode?[] answers) : HttpMessageHandler
    {
        public List<string> Seen { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add($"{request.Headers.GetValues("Idempotency-Key").Single()} {await request.Content!.ReadAsStringAsync(cancellationToken)}");
            if (answers[Seen.Count - 1] is not { } status)
                throw new HttpRequestException("broken off");
            var response = new HttpResponseMessage(status) { Content = new StringContent(Problem) };
            // So that the test does not wait for the back-off.
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.Zero);
            return response;
        }
    }
}
