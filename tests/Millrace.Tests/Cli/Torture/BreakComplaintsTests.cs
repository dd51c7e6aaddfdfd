using System.Net;
using Millrace.Cli.Torture;
using Xunit;

namespace Millrace.Tests.Cli.Torture;

public sealed class BreakComplaintsTests
{
    [Fact]
    public async Task A_false_alarm_on_a_later_page_is_a_complaint()
    {
        using var server = new Pages();
        using var http = new HttpClient(server) { BaseAddress = new Uri("http://test") };
        var complaint = Assert.Single(await BreakComplaints.OfAsync(http, TestContext.Current.CancellationToken));
        Assert.Contains("amount pay-2", complaint, StringComparison.Ordinal);
    }

    /// <summary>Two pages of breaks that have ended: an answer that came late, then a mistake that was none.</summary>
    private sealed class Pages : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(request.RequestUri!.PathAndQuery switch
            {
                "/v1/reconciliation" => """{"orders_read_at":"2999-01-31T12:00:00Z","provider_read_at":"2999-01-31T12:00:00Z","unsettled":0,"open":0,"matched":2}""",
                "/v1/reconciliation/breaks?state=closed&limit=200" => """{"data":[{"kind":"pending","payment_key":"pay-1","psp_reference":"a"}],"has_more":true,"next_cursor":"001-brk_1"}""",
                "/v1/reconciliation/breaks?state=closed&limit=200&cursor=001-brk_1" => """{"data":[{"kind":"amount","payment_key":"pay-2","psp_reference":"b"}],"has_more":false,"next_cursor":null}""",
                var other => throw new InvalidOperationException(other),
            }),
        });
    }
}
