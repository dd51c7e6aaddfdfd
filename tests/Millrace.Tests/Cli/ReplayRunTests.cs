using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Cli.Client;
using Millrace.Cli.Replay;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class ReplayRunTests
{
    private const string Sales = """
        InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
        1,A,BOX,2,2010-12-01 08:26:00,1.50,7.0,France
        1,B,TIN,1,2010-12-01 08:26:00,0.0,7.0,France
        2,A,BOX,5,2010-12-01 08:27:00,1.50,7.0,France
        3,BAD,BOX,5,2010-12-01 08:28:00,1.50,8.0,EIRE
        C4,A,BOX,-2,2010-12-01 08:29:00,1.50,7.0,France
        C5,A,BOX,-1,2010-12-01 08:30:00,1.50,7.0,France
        A6,B,Adjust bad debt,1,2010-12-01 08:31:00,11.50,,United Kingdom
        C7,BAD,BOX,-5,2010-12-01 08:32:00,1.50,8.0,EIRE
        """;

    [Fact]
    public async Task Every_line_is_ordered_canceled_or_rejected_and_a_second_run_sends_the_same()
    {
        using var shop = new Shop();
        var (first, rejects) = await RunAsync(shop);
        Assert.Equal(8, first.Counts.Lines);
        Assert.Equal((2, 1, 1), (first.Counts.OrderedLines, first.Counts.CanceledLines, first.Counts.Cancellations));
        Assert.Equal(
            ["adjustment=1", "price_not_positive=1", "refused:order_not_placed=1", "refused:unknown_sku=1", "return_not_supported=1"],
            rejects.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(8, first.Counts.OrderedLines + first.Counts.CanceledLines + rejects.Values.Sum());

        var sent = shop.Sent.Order().ToList();
        shop.Sent.Clear();
        await RunAsync(shop);
        Assert.Equal(sent, shop.Sent.Order());
        Assert.Contains("/v1/orders/ord_1/cancel replay:cancel:C4 {\"reason\":\"invoice C4\"}", sent);
    }

    [Fact]
    public async Task The_result_is_one_line_of_JSON_that_adds_up()
    {
        using var shop = new Shop();
        var (run, rejects) = await RunAsync(shop);
        var report = new ReplayReport(run, rejects, "rejects.csv", TimeSpan.FromSeconds(1));
        Assert.False(report.IsClean);
        var line = JsonResult.ToLine(report.ToJson());
        Assert.DoesNotContain('\n', line);
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal(root.GetProperty("lines").GetInt32(),
            root.GetProperty("lines_ordered").GetInt32() + root.GetProperty("lines_canceled").GetInt32() + root.GetProperty("lines_rejected").GetInt32());
        Assert.Equal(3, root.GetProperty("orders").GetInt32());
    }

    [Theory]
    [InlineData("""{"status":"pending"}""", "pending", false)]
    [InlineData("""{"status":"pending","attention":{"code":"x"}}""", "parked", true)]
    [InlineData("""{"status":"confirmed","closing":null}""", "confirmed", true)]
    [InlineData("""{"status":"confirmed","closing":{"outcome":"canceled"}}""", "confirmed", false)]
    [InlineData("""{"status":"canceled","closing":{"outcome":"canceled"}}""", "canceled", true)]
    public void An_order_is_settled_when_nothing_more_will_happen_by_itself(string order, string state, bool isSettled)
    {
        using var json = JsonDocument.Parse(order);
        Assert.Equal((state, isSettled), Settling.Read(json.RootElement));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("fast")]
    public void A_speed_is_max_or_a_factor(string text)
    {
        Assert.Null(Pace.ParseSpeed("max"));
        Assert.Equal(1000, Pace.ParseSpeed("1000"));
        Assert.Throws<UsageException>(() => Pace.ParseSpeed(text));
    }

    private static async Task<(ReplayRun Run, IReadOnlyDictionary<string, int> Rejects)> RunAsync(Shop shop)
    {
        using var client = new MillraceClient(new Uri("http://test"), "key", shop);
        using var rejects = new RejectsFile(new StringWriter());
        var run = new ReplayRun(client, rejects, new Pace(null, TimeProvider.System), concurrency: 4);
        await run.RunAsync(InvoiceGrouper.Group(SalesReader.Read(new StringReader(Sales))), CancellationToken.None);
        return (run, rejects.Counts);
    }

    /// <summary>Takes every order but those of BAD.</summary>
    private sealed class Shop : HttpMessageHandler
    {
        public List<string> Sent { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            lock (Sent)
                Sent.Add($"{request.RequestUri!.AbsolutePath} {request.Headers.GetValues("Idempotency-Key").Single()} {body}");
            using var json = JsonDocument.Parse(body);
            return body.Contains("BAD", StringComparison.Ordinal)
                ? Answer(HttpStatusCode.UnprocessableEntity, """{"code":"unknown_sku","detail":"no"}""")
                : Answer(HttpStatusCode.Accepted, $$"""{"id":"ord_{{json.RootElement.Text("external_id")}}","status":"pending"}""");
        }

        private static HttpResponseMessage Answer(HttpStatusCode status, string body) =>
            new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }
}
