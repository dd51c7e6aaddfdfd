using System.Net;
using Xunit;

namespace Millrace.Tests.PspSimulator;

public sealed class OperationTests
{
    [Fact]
    public async Task Refunded_never_exceeds_captured_nor_captured_the_authorized()
    {
        await using var psp = await PspHost.StartAsync();
        var id = (await psp.AuthorizeAsync("a", amount: 500)).Id;

        Assert.Equal("refund_exceeds_captured", (await psp.FollowUpAsync(id, "refunds", "r0", 1)).Code);
        Assert.Equal(HttpStatusCode.Created, (await psp.FollowUpAsync(id, "captures", "c1", 200)).Status);
        Assert.Equal("capture_exceeds_authorized", (await psp.FollowUpAsync(id, "captures", "c2", 301)).Code);
        Assert.Equal(HttpStatusCode.Created, (await psp.FollowUpAsync(id, "captures", "c3", 300)).Status);
        Assert.Equal(HttpStatusCode.Created, (await psp.FollowUpAsync(id, "refunds", "r1", 450)).Status);
        Assert.Equal("refund_exceeds_captured", (await psp.FollowUpAsync(id, "refunds", "r2", long.MaxValue)).Code);
        Assert.Equal("already_captured", (await psp.FollowUpAsync(id, "void", "v1")).Code);
    }

    [Fact]
    public async Task A_void_ends_the_authorization_and_takes_its_whole_amount()
    {
        await using var psp = await PspHost.StartAsync();
        var id = (await psp.AuthorizeAsync("a", amount: 500)).Id;

        Assert.Equal(HttpStatusCode.Created, (await psp.FollowUpAsync(id, "void", "v1")).Status);

        Assert.Equal("authorization_voided", (await psp.FollowUpAsync(id, "captures", "c1", 1)).Code);
        Assert.Contains(await psp.RecordsAsync(), record => record is { Kind: "void", Status: "voided", Amount: 500 });
    }

    [Theory]
    [InlineData("tok_decline", "card_declined", false)]
    [InlineData("tok_soft_decline", "insufficient_funds", true)]
    public async Task A_magic_token_declines_and_the_record_says_so(string token, string code, bool isSoft)
    {
        await using var psp = await PspHost.StartAsync();

        var answer = await psp.AuthorizeAsync("a", token: token);

        Assert.Equal(HttpStatusCode.PaymentRequired, answer.Status);
        var record = Assert.Single(await psp.RecordsAsync());
        Assert.Equal((code, isSoft, "declined"), (record.Code, record.Soft, record.Status));
        Assert.Equal("authorization_declined", (await psp.FollowUpAsync(record.Id, "captures", "c", 1)).Code);
    }

    [Theory]
    [InlineData("""{"reference":"a","order":"o","amount":0,"currency":"EUR","token":"t"}""")]
    [InlineData("""{"reference":"a","order":"o","amount":1,"currency":"eur","token":"t"}""")]
    [InlineData("""{"reference":"a","order":"o","amount":1.5,"currency":"EUR","token":"t"}""")]
    [InlineData("""{"reference":"a","order":"o","amount":1,"currency":"EUR"}""")]
    [InlineData("""{"reference":"a","order":"o","amount":1,"currency":"EUR","token":"t","extra":1}""")]
    [InlineData("""{"reference":""")]
    [InlineData("null")]
    public async Task A_malformed_authorization_is_refused_and_changes_nothing(string body)
    {
        await using var psp = await PspHost.StartAsync();

        var answer = await psp.PostAsync("/v1/authorizations", "a", body);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Code));
        Assert.Empty(await psp.RecordsAsync());
    }

    [Fact]
    public async Task An_oversized_body_and_an_unknown_authorization_are_refused()
    {
        await using var psp = await PspHost.StartAsync();

        var oversized = await psp.PostAsync("/v1/authorizations", "a", new string(' ', 17 * 1024));
        var unknown = await psp.FollowUpAsync("pa_none", "captures", "c", 1);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, oversized.Status);
        Assert.Equal((HttpStatusCode.NotFound, "authorization_not_found"), (unknown.Status, unknown.Code));
        Assert.Empty(await psp.RecordsAsync());
    }
}
