using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Xunit;

namespace Millrace.Tests.Domain.Stock;

/// <summary>A stock book with everything that ever happened to it.</summary>
internal sealed class Shelf
{
    public StockBook Book { get; } = new();

    public List<StockEvent> History { get; } = [];

    public StockItem Tea => Book.Find(Given.Acme, "tea")!;

    public StockDecision Do(StockCommand command)
    {
        var decision = StockDecider.Decide(Book, command);
        if (decision.Event is { } fact)
        {
            Assert.Null(decision.Rejection);
            Book.Evolve(fact, []);
            History.Add(fact);
        }

        return decision;
    }

    public Shelf With(string sku, long backorderLimit, params (string Location, long OnHand)[] levels)
    {
        Do(new StockCommand.DefineItem(Given.Acme, sku, sku, 1_000, "EUR", backorderLimit));
        foreach (var (location, onHand) in levels)
            Assert.Null(Adjust(sku, location, onHand));
        return this;
    }

    /// <returns>The code of the rejection.</returns>
    public string? Adjust(string sku, string location, long delta) =>
        Do(new StockCommand.Adjust(Given.Acme, sku, location, delta, "count", 1)).Rejection?.Code;

    /// <returns>What was taken, as <c>location:quantity</c>, or the code of the refusal.</returns>
    public string Reserve(int quantity, bool allowBackorder = false, bool allowSplit = false, string sku = "tea") =>
        Reserve(allowBackorder, allowSplit, new StockDemand(sku, quantity)) switch
        {
            StockEvent.Reserved e => string.Join(' ', e.Takes.Select(t => $"{t.Location}:{t.Quantity}")),
            StockEvent.ReservationRefused e => e.Code,
            _ => "?",
        };

    public StockEvent Reserve(bool allowBackorder, bool allowSplit, params StockDemand[] demands) =>
        Do(new StockCommand.Reserve(Given.Acme, Given.Id(), 0, demands, allowBackorder, allowSplit)).Event!;

    public void Move(StockStep step, bool wasAllocated, params StockTake[] takes) =>
        Do(new StockCommand.Move(Given.Acme, Given.Id(), 0, step, wasAllocated, takes));
}
