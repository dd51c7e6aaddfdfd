using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Millrace.Api.Orders.Read;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class ListQueryTests
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly OrderId Id = OrderId.Create(1_769_860_800_000, 7, 42);

    [Fact]
    public void A_cursor_leads_on_in_its_own_list_only()
    {
        Assert.Null(OrderListQuery.Read(Query("?status=pending&limit=10"), Tenant, out var query));
        var cursor = OrderCursor.Write(Id, query.List);
        Assert.Null(OrderListQuery.Read(Query($"?status=pending&limit=20&cursor={cursor}"), Tenant, out var next));
        Assert.Equal(Id, next.Before);
        Assert.Equal("invalid_cursor", OrderListQuery.Read(Query($"?status=confirmed&cursor={cursor}"), Tenant, out _)!.Kind.Code);
        Assert.Equal("invalid_cursor", OrderListQuery.Read(Query("?cursor=%00"), Tenant, out _)!.Kind.Code);
        Assert.Equal("invalid_cursor", OrderListQuery.Read(Query($"?status=pending&cursor={cursor}"), TenantId.Parse("other"), out _)!.Kind.Code);
    }

    [Fact]
    public void The_next_page_keeps_the_filters() =>
        Assert.Equal("/v1/orders?status=pending&customer=a%20b&cursor=new",
            OrderListQuery.NextUrl(Query("?status=pending&customer=a%20b&cursor=old"), "new"));

    [Fact]
    public void An_order_that_could_not_be_read_is_not_taken_for_none()
    {
        Assert.True(ListOrders.IsKnown(null));
        Assert.True(ListOrders.IsKnown(new PartitionReply(ReplyStatus.NotFound)));
        Assert.True(ListOrders.IsKnown(new PartitionReply(ReplyStatus.Accepted)));
        Assert.False(ListOrders.IsKnown(PartitionReply.Unavailable("partition_unavailable", "It moves.")));
    }

    [Fact]
    public void All_filters_are_read()
    {
        const string text = "?status=canceled&customer=c&external_id=e&idempotency_key=k&sku=s&created_after=2026-01-31T12:00:00Z&attention=true&attention_code=poison&limit=200";
        Assert.Null(OrderListQuery.Read(Query(text), Tenant, out var query));
        Assert.Equal((OrderStatus.Canceled, "c", "e", NameHash.PlaceKey(Tenant, "k"), "s", 1_769_860_800_000L, true, "poison", 200),
            (query.Status!.Value, query.Customer!, query.ExternalId!, query.KeyHash!.Value, query.Sku!, query.CreatedAfterUnixMs!.Value, query.NeedsAttention, query.AttentionCode!, query.Limit));
    }

    [Theory]
    [InlineData("?attention_code=poison&dismissed=true")]
    [InlineData("?attention_code=poison&attention=false")]
    [InlineData("?attention=false&attention_code=poison")]
    public void A_reason_to_wait_is_one_of_those_that_wait(string text)
    {
        Assert.Null(OrderListQuery.Read(Query(text), Tenant, out var query));
        Assert.True(query.NeedsAttention);
        Assert.Equal("poison", query.AttentionCode);
    }

    [Theory]
    [InlineData("?status=open")]
    [InlineData("?limit=0")]
    [InlineData("?limit=201")]
    [InlineData("?limit=x")]
    [InlineData("?attention=maybe")]
    [InlineData("?attention=true&dismissed=banana")]
    [InlineData("?dismissed=true")]
    [InlineData("?created_after=yesterday")]
    [InlineData("?customer=")]
    [InlineData("?customer=a&customer=b")]
    [InlineData("?customer=a%00b")]
    [InlineData("?external_id=a%0Ab")]
    [InlineData("?idempotency_key=%00")]
    [InlineData("?sku=%7F")]
    [InlineData("?attention_code=%C2%85")]
    [InlineData("?page=2")]
    public void A_parameter_that_is_not_understood_is_refused(string query) =>
        Assert.Equal("invalid_parameter", OrderListQuery.Read(Query(query), Tenant, out _)!.Kind.Code);

    [Theory]
    [InlineData("x")]
    [InlineData("!!!!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_made_up_cursor_is_refused(string cursor) => Assert.False(OrderCursor.TryRead(cursor, "acme", out _));

    private static QueryCollection Query(string text) => new(QueryHelpers.ParseQuery(text));
}
