using System.Text;
using System.Text.Json;
using Millrace.Cli.Client;
using Millrace.Cli.Replay;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class InvoiceTests
{
    [Fact]
    public void Lines_that_stand_apart_become_one_invoice_while_the_window_lasts()
    {
        var invoices = Group(3, Line("1"), Line("2"), Line("1"), Line("2"), Line("3"));
        Assert.Equal([("1", 2), ("2", 2), ("3", 1)], invoices.Select(i => (i.Number, i.Lines.Count)));
    }

    [Fact]
    public void A_line_that_comes_after_its_invoice_was_placed_is_rejected_not_lost()
    {
        var invoices = Group(1, Line("1"), Line("2"), Line("2"), Line("2"), Line("1"));
        Assert.Equal([("1", 0, 1), ("1", 1, 0), ("2", 3, 0)],
            invoices.Select(i => (i.Number, i.Lines.Count, i.Rejected.Count)).Order());
        Assert.Equal(RejectReason.InvoiceScattered, invoices.Single(i => i.Rejected.Count > 0).Rejected[0].Reason);
    }

    [Fact]
    public void An_invoice_sums_its_good_lines_and_keeps_the_others_aside()
    {
        var invoice = Group(9, Line("1", quantity: 3, price: "2.55"), Line("1", price: "0"), Line("1", sku: "POST", price: "18.00")).Single();
        Assert.Equal((4, 2565, 1), (invoice.Units, invoice.AmountMinor, invoice.Rejected.Count));
        Assert.Equal("17850", invoice.Customer);
    }

    [Fact]
    public void The_body_of_an_order_is_the_invoice_as_it_was()
    {
        var invoice = Group(9, Line("536365", quantity: 6, price: "2.55"), Line("536365", sku: "POST", price: "18.00")).Single();
        Assert.Equal(
            """
            {"external_id":"536365","customer":{"id":"17850"},"currency":"GBP","lines":[{"sku":"A","quantity":6,"unit_price":255},{"sku":"POST","quantity":1,"unit_price":1800}],"addresses":{"shipping":{"country":"IE"}},"payment":{"token":"tok_replay"},"expected_total":3330,"metadata":{"invoice_date":"2010-12-01T08:26:00","country":"EIRE"}}
            """,
            Encoding.UTF8.GetString(SalesJson.Order(invoice)));
    }

    [Fact]
    public void A_buyer_without_a_name_is_one_of_its_own_and_a_country_that_is_none_is_only_metadata()
    {
        var invoice = Group(9, Line("7", customer: "", country: "Channel Islands")).Single();
        using var order = JsonDocument.Parse(SalesJson.Order(invoice));
        Assert.Equal("guest-7", order.RootElement.GetProperty("customer").Text("id"));
        Assert.Null(order.RootElement.Find("addresses"));
        Assert.Equal("Channel Islands", order.RootElement.GetProperty("metadata").Text("country"));
    }

    [Fact]
    public void A_cancellation_takes_back_the_latest_order_with_exactly_its_units()
    {
        var matcher = new CancellationMatcher();
        var orders = new List<PlacedOrder>();
        foreach (var invoice in Group(99, Line("1", quantity: 5), Line("2", quantity: 2), Line("2", quantity: 3), Line("3", quantity: 5, customer: "9")))
        {
            orders.Add(new PlacedOrder(invoice));
            matcher.Add(invoice, orders[^1]);
        }

        Assert.Same(orders[1], matcher.Take(Group(9, Line("C4", quantity: -5)).Single()));
        Assert.Same(orders[0], matcher.Take(Group(9, Line("C5", quantity: -1), Line("C5", quantity: -4)).Single()));
        Assert.Null(matcher.Take(Group(9, Line("C6", quantity: -5)).Single()));
        Assert.Null(matcher.Take(Group(9, Line("C7", quantity: -5, customer: "")).Single()));
        Assert.Null(matcher.Take(Group(9, Line("C8", quantity: -4, customer: "9")).Single()));
    }

    [Fact]
    public void The_catalog_takes_the_most_common_name_and_price_and_all_units_of_the_file()
    {
        var catalog = new SalesCatalog();
        foreach (var invoice in Group(99, Line("1", quantity: 5, name: "RED BOX"), Line("1", quantity: 2, price: "3.10", name: ""),
            Line("2", quantity: 1, price: "3.10", name: "RED BOX"), Line("3", sku: "B", name: ""), Line("C4", quantity: -5), Line("5", price: "2.95")))
            catalog.Add(invoice, isReplayed: catalog.Invoices < 3);
        Assert.Equal([new SalesItem("A", "RED BOX", 310, 9), new SalesItem("B", "B", 255, 1)], catalog.Items());
    }

    [Fact]
    public void An_item_beyond_the_limit_is_not_in_the_catalog_but_its_units_count_once_it_is()
    {
        var catalog = new SalesCatalog();
        foreach (var invoice in Group(99, Line("1", quantity: 5), Line("2", quantity: 7), Line("3", sku: "B")))
            catalog.Add(invoice, isReplayed: catalog.Invoices < 1);
        Assert.Equal(("A", 12), catalog.Items().Select(item => (item.Sku, item.UnitsSold)).Single());
    }

    [Theory]
    [InlineData("enough", 7)]
    [InlineData("500", 500)]
    [InlineData("0.5x", 4)]
    [InlineData("2x", 14)]
    public void Stock_is_enough_a_number_or_a_factor(string text, long units) =>
        Assert.Equal(units, StockRule.Parse(text).UnitsOf(new SalesItem("A", "A", 1, 7)));

    [Theory]
    [InlineData("plenty")]
    [InlineData("-1")]
    [InlineData("x")]
    public void Any_other_stock_is_wrong_usage(string text) => Assert.Throws<UsageException>(() => StockRule.Parse(text));

    [Fact]
    public void Keys_are_functions_of_the_file_alone_and_fit_a_header()
    {
        Assert.Equal("replay:536365", ReplayKeys.Place("536365"));
        Assert.Equal("replay:cancel:C536379", ReplayKeys.Cancel("C536379"));
        Assert.Equal("replay:stock:85123A:500", ReplayKeys.Stock("85123A", 500));
        Assert.Equal(ReplayKeys.Stock("BANK CHARGES", 3), ReplayKeys.Stock("BANK CHARGES", 3));
        Assert.All((string[])["BANK CHARGES", "Größe", new string('x', 500), "a,\"b\""], odd => Assert.Matches("^replay:sha256-[0-9a-f]{64}$", ReplayKeys.Place(odd)));
    }

    private static List<Invoice> Group(int window, params RawLine[] lines) => [.. InvoiceGrouper.Group(lines, window)];

    private static RawLine Line(
        string invoice, string sku = "A", int quantity = 1, string price = "2.55", string customer = "17850.0", string country = "EIRE", string name = "BOX") =>
        new(2, invoice, sku, name, quantity.ToString(), "2010-12-01 08:26:00", price, customer, country);
}
