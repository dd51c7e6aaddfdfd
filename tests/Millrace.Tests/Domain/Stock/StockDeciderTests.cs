using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Xunit;

namespace Millrace.Tests.Domain.Stock;

public sealed class StockDeciderTests
{
    [Fact]
    public void A_reservation_is_allocated_and_deducted()
    {
        var shelf = new Shelf().With("tea", 0, ("main", 10));
        var take = new StockTake("tea", "main", 4);
        Assert.Equal("main:4", shelf.Reserve(4));
        Assert.Equal(new StockLevel("main", 10, 4, 0), shelf.Tea.Levels[0]);
        shelf.Move(StockStep.Allocate, wasAllocated: false, take);
        Assert.Equal(new StockLevel("main", 10, 0, 4), shelf.Tea.Levels[0]);
        shelf.Move(StockStep.Deduct, wasAllocated: false, take);
        Assert.Equal(new StockLevel("main", 6, 0, 0), shelf.Tea.Levels[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_release_gives_back_what_was_reserved_or_allocated(bool wasAllocated)
    {
        var shelf = new Shelf().With("tea", 0, ("main", 10));
        var take = new StockTake("tea", "main", 4);
        shelf.Reserve(4);
        if (wasAllocated)
            shelf.Move(StockStep.Allocate, wasAllocated: false, take);
        shelf.Move(StockStep.Release, wasAllocated, take);
        Assert.Equal(new StockLevel("main", 10, 0, 0), shelf.Tea.Levels[0]);
    }

    [Fact]
    public void All_of_a_demand_is_reserved_or_nothing()
    {
        var shelf = new Shelf().With("tea", 0, ("main", 10)).With("cup", 0, ("main", 1));
        var refused = Assert.IsType<StockEvent.ReservationRefused>(shelf.Reserve(false, false, new StockDemand("tea", 1), new StockDemand("cup", 2)));
        Assert.Equal(("out_of_stock", "cup", 10), (refused.Code, refused.Sku, shelf.Tea.Available));
        Assert.Equal("unknown_sku", shelf.Reserve(1, sku: "pot"));
    }

    [Fact]
    public void One_parcel_from_the_fullest_place_and_several_only_when_allowed()
    {
        var shelf = new Shelf().With("tea", 0, ("east", 3), ("main", 5), ("west", 3));
        Assert.Equal("out_of_stock", shelf.Reserve(6));
        Assert.Equal("main:5 east:2", shelf.Reserve(7, allowSplit: true));
        Assert.Equal("west:3", shelf.Reserve(3));
        Assert.Equal("out_of_stock", shelf.Reserve(2, allowSplit: true));
        Assert.Equal("east:1", shelf.Reserve(1));
    }

    [Fact]
    public void Backorders_go_to_the_limit_over_all_places_and_not_beyond()
    {
        var shelf = new Shelf().With("tea", 5, ("main", 2), ("east", 1));
        Assert.Equal("out_of_stock", shelf.Reserve(3));
        Assert.Equal("out_of_stock", shelf.Reserve(9, allowBackorder: true));
        Assert.Equal("main:8", shelf.Reserve(8, allowBackorder: true));
        Assert.Equal("out_of_stock", shelf.Reserve(1, allowBackorder: true));
        Assert.Equal("main:5", new Shelf().With("tea", 5).Reserve(5, allowBackorder: true));
    }

    [Fact]
    public void Stock_that_another_place_owes_is_not_sold_beyond_the_limit()
    {
        var shelf = new Shelf().With("tea", 5, ("main", 0), ("east", 0));
        Assert.Equal("main:5", shelf.Reserve(5, allowBackorder: true));
        Assert.Null(shelf.Adjust("tea", "east", 5));
        shelf.Do(new StockCommand.DefineItem(Given.Acme, "tea", "tea", 1_000, "EUR", 0));

        Assert.Equal("out_of_stock", shelf.Reserve(5));
        Assert.True(shelf.Tea.IsWithinLimit);
    }

    [Fact]
    public void An_adjustment_leaves_what_is_promised()
    {
        var shelf = new Shelf().With("tea", 0, ("main", 10));
        shelf.Reserve(7);
        Assert.Equal("below_promised", shelf.Adjust("tea", "main", -4));
        Assert.Null(shelf.Adjust("tea", "main", -3));
        Assert.Equal("out_of_range", shelf.Adjust("tea", "main", -8));
        Assert.Equal("out_of_range", shelf.Adjust("tea", "main", long.MaxValue));
        Assert.Equal("unknown_sku", shelf.Adjust("pot", "main", 1));
        Assert.Equal(default, shelf.Do(new StockCommand.Adjust(Given.Acme, "tea", "main", 0, "count", 1)));
    }

    [Fact]
    public void A_receipt_is_taken_though_more_was_shipped_than_was_counted()
    {
        var shelf = new Shelf().With("tea", 5);
        var take = new StockTake("tea", "main", 5);
        shelf.Reserve(5, allowBackorder: true);
        shelf.Move(StockStep.Allocate, wasAllocated: false, take);
        shelf.Move(StockStep.Deduct, wasAllocated: false, take);
        Assert.Null(shelf.Adjust("tea", "main", 2));
        Assert.Equal(-3, shelf.Tea.Available);
    }

    [Fact]
    public void Defining_an_item_again_changes_nothing_and_never_breaks_a_promise()
    {
        var shelf = new Shelf().With("tea", 5);
        shelf.Reserve(5, allowBackorder: true);
        Assert.Equal(default, shelf.Do(new StockCommand.DefineItem(Given.Acme, "tea", "tea", 1_000, "EUR", 5)));
        Assert.Equal("below_promised", shelf.Do(new StockCommand.DefineItem(Given.Acme, "tea", "tea", 1_000, "EUR", 4)).Rejection!.Code);
        Assert.Equal("out_of_range", shelf.Do(new StockCommand.DefineItem(Given.Acme, "new", "new", 1_000, "EUR", -1)).Rejection!.Code);
    }

    [Fact]
    public void Places_are_bounded_and_tenants_apart()
    {
        var shelf = new Shelf().With("tea", 0, [.. Enumerable.Range(0, StockItem.MaxLocations).Select(i => ($"l{i}", 1L))]);
        Assert.Equal("too_many_locations", shelf.Adjust("tea", "one more", 1));
        Assert.Null(shelf.Adjust("tea", "l7", 1));
        Assert.Null(shelf.Book.Find(Given.Other, "tea"));
    }
}
