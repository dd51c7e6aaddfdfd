using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary><c>millrace replay FILE</c>: real sales as API calls against a running server.</summary>
public static class ReplayCommand
{
    public static Command Create()
    {
        var (connection, json) = (new Connection(), new JsonResult());
        var file = new Argument<string>("file") { Description = "Sales as CSV, plain or gzip; - for standard input" };
        var speed = new Option<string>("--speed") { Description = "max, or how many times faster than it happened", DefaultValueFactory = _ => "max" };
        var limit = new Option<int?>("--limit") { Description = "Only the first N invoices" };
        var concurrency = new Option<int>("--concurrency") { Description = "Requests at a time", DefaultValueFactory = _ => 32 };
        var stock = new Option<string>("--stock") { Description = "Stock to begin with: enough, units of each SKU, or a factor of what is sold such as 0.9x", DefaultValueFactory = _ => "enough" };
        var rejects = new Option<string>("--rejects") { Description = "Where every line that is not sold goes, with its reason", DefaultValueFactory = _ => "replay-rejects.csv" };
        var timeout = new Option<int>("--settle-timeout") { Description = "Seconds to wait for the last orders to come to an end", DefaultValueFactory = _ => 60 };
        var command = new Command("replay", "Turn a file of real sales into orders on a running server; running it twice doubles nothing")
        {
            file, speed, limit, concurrency, stock, rejects, timeout,
        };
        connection.AddTo(command);
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var senders = Math.Clamp(arguments.GetValue(concurrency), 1, 1024);
            var (factor, rule) = (Pace.ParseSpeed(arguments.GetValue(speed)!), StockRule.Parse(arguments.GetValue(stock)!));
            using var client = connection.Open(arguments);
            using var sales = await SalesFile.OpenAsync(arguments.GetValue(file)!, Console.OpenStandardInput, cancellation);
            var catalog = Scan(sales, arguments.GetValue(limit), cancellation);
            await CatalogLoading.RunAsync(client, catalog.Items(), rule, senders, cancellation);
            var report = await SellAsync(
                client, sales, catalog.Invoices, new Plan(factor, senders, arguments.GetValue(rejects)!, TimeSpan.FromSeconds(arguments.GetValue(timeout))), cancellation);
            report.Print();
            await json.WriteAsync(arguments, report.ToJson());
            return report.IsClean ? Acting.Done : Acting.Failed;
        });
        return command;
    }

    private static SalesCatalog Scan(SalesFile sales, int? limit, CancellationToken cancellation)
    {
        var catalog = new SalesCatalog();
        using var text = sales.Read();
        foreach (var invoice in InvoiceGrouper.Group(SalesReader.Read(text)))
        {
            cancellation.ThrowIfCancellationRequested();
            catalog.Add(invoice, isReplayed: !(catalog.Invoices >= limit));
        }

        return catalog;
    }

    private static async Task<ReplayReport> SellAsync(
        MillraceClient client, SalesFile sales, int invoices, Plan plan, CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        using var rejects = new RejectsFile(new StreamWriter(plan.RejectsFile));
        using var text = sales.Read();
        var run = new ReplayRun(client, rejects, new Pace(plan.Speed, TimeProvider.System), plan.Concurrency);
        await Progressing.RunAsync("invoices", invoices, () => run.Done,
            () => run.RunAsync(InvoiceGrouper.Group(SalesReader.Read(text)).Take(invoices), cancellation));
        await Settling.RunAsync(client, run.Orders, plan.Concurrency, plan.SettleTimeout, cancellation);
        return new ReplayReport(run, rejects.Counts, plan.RejectsFile, TimeProvider.System.GetElapsedTime(startedAt));
    }

    private sealed record Plan(double? Speed, int Concurrency, string RejectsFile, TimeSpan SettleTimeout);
}
