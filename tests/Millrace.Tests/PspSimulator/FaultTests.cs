using System.Net;
using System.Text;
using Xunit;

namespace Millrace.Tests.PspSimulator;

public sealed class FaultTests
{
    [Theory]
    [InlineData("""{"decline_rate":1.1}""")]
    [InlineData("""{"error_rate":-0.1}""")]
    [InlineData("""{"latency_ms_p99":10}""")]
    [InlineData("""{"latency_ms_p50":20,"latency_ms_p99":10}""")]
    [InlineData("""{"latency_ms_p50":60001}""")]
    [InlineData("""{"key_expiry_seconds":-1}""")]
    [InlineData("""{"outage":"yes"}""")]
    [InlineData("""{"unheard_of":1}""")]
    [InlineData("""{"outage":true,"outage":false}""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Invalid_faults_change_nothing(string faults)
    {
        await using var psp = await PspHost.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await psp.PutFaultsAsync("""{"decline_rate":0.25,"key_expiry_seconds":9}"""));
        var before = await psp.Http.GetStringAsync("/faults");

        Assert.Equal(HttpStatusCode.BadRequest, await psp.PutFaultsAsync(faults));

        Assert.Equal(before, await psp.Http.GetStringAsync("/faults"));
        Assert.Contains("\"decline_rate\":0.25", before, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"decline_rte":1}""", "$.decline_rte is unknown")]
    [InlineData("""{"decline_rate":"high"}""", "$.decline_rate is unknown, there twice, or not of its type")]
    [InlineData("[]", "a JSON object")]
    [InlineData("{", "a JSON object")]
    public async Task A_refusal_names_the_member_and_no_type_of_the_program(string faults, string words)
    {
        await using var psp = await PspHost.StartAsync();
        using var body = new StringContent(faults, Encoding.UTF8, "application/json");
        using var answer = await psp.Http.PutAsync("/faults", body);
        var told = await answer.Content.ReadAsStringAsync();
        Assert.Contains(words, told, StringComparison.Ordinal);
        Assert.DoesNotContain("Millrace.", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_leaves_only_faults_records_and_liveness_open()
    {
        await using var psp = await PspHost.StartAsync();
        await psp.PutFaultsAsync("""{"outage":true}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await psp.AuthorizeAsync("a")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await psp.Http.GetAsync("/v1/operations?reference=a")).StatusCode);
        Assert.Equal("ok", await psp.Http.GetStringAsync("/livez"));
        Assert.Empty(await psp.RecordsAsync());
        Assert.Equal(HttpStatusCode.OK, await psp.PutFaultsAsync("{}"));
        Assert.Equal(HttpStatusCode.Created, (await psp.AuthorizeAsync("a")).Status);
    }

    [Fact]
    public async Task An_error_before_the_effect_charges_nothing_and_one_after_it_charges()
    {
        await using var psp = await PspHost.StartAsync();

        await psp.PutFaultsAsync("""{"error_rate":1}""");
        Assert.Equal(HttpStatusCode.InternalServerError, (await psp.AuthorizeAsync("before")).Status);
        await psp.PutFaultsAsync("""{"error_after_rate":1}""");
        Assert.Equal(HttpStatusCode.InternalServerError, (await psp.AuthorizeAsync("after")).Status);

        Assert.Equal("after", Assert.Single(await psp.RecordsAsync()).Reference);
    }

    [Fact]
    public async Task A_lost_answer_breaks_the_connection_after_the_charge()
    {
        await using var psp = await PspHost.StartAsync();
        await psp.PutFaultsAsync("""{"lost_answer_rate":1}""");

        await Assert.ThrowsAsync<HttpRequestException>(() => psp.AuthorizeAsync("a"));

        Assert.Equal("authorized", Assert.Single(await psp.RecordsAsync()).Status);
    }

    [Fact]
    public async Task The_decline_rate_declines_both_hard_and_soft_about_as_often_as_asked()
    {
        await using var psp = await PspHost.StartAsync();
        await psp.PutFaultsAsync("""{"decline_rate":0.5}""");

        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => psp.AuthorizeAsync($"k{i}")));

        var records = await psp.RecordsAsync();
        Assert.InRange(records.Count(record => record.IsDeclined), 130, 270);
        Assert.Contains(records, record => record is { Code: "insufficient_funds", Soft: true });
        Assert.Contains(records, record => record is { Code: "card_declined", Soft: false });
    }
}
