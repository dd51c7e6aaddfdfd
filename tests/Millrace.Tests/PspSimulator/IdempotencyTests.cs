using System.Net;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Millrace.Tests.PspSimulator;

public sealed class IdempotencyTests
{
    [Fact]
    public async Task Repeating_a_request_with_its_key_gives_the_first_answer_and_no_second_charge()
    {
        await using var psp = await PspHost.StartAsync();
        var first = await psp.AuthorizeAsync("k1");

        var second = await psp.AuthorizeAsync("k1");

        Assert.False(first.IsReplayed);
        Assert.Equal(first with { IsReplayed = true }, second);
        Assert.Single(await psp.RecordsAsync());
    }

    [Fact]
    public async Task The_same_key_at_the_same_time_charges_once()
    {
        await using var psp = await PspHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => psp.AuthorizeAsync("k1")));

        Assert.Single(answers.Select(answer => answer.Body).Distinct(StringComparer.Ordinal));
        Assert.Single(answers, answer => !answer.IsReplayed);
        Assert.Single(await psp.RecordsAsync());
    }

    [Fact]
    public async Task A_key_used_for_another_request_is_refused()
    {
        await using var psp = await PspHost.StartAsync();
        await psp.AuthorizeAsync("k1", amount: 500);

        var other = await psp.AuthorizeAsync("k1", amount: 501);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.Status);
        Assert.Single(await psp.RecordsAsync());
    }

    [Fact]
    public async Task A_refusal_is_repeated_under_its_key_even_when_it_would_succeed_by_now()
    {
        await using var psp = await PspHost.StartAsync();
        var authorization = (await psp.AuthorizeAsync("k1", amount: 500)).Id;
        var refused = await psp.FollowUpAsync(authorization, "refunds", "k2", 100);
        await psp.FollowUpAsync(authorization, "captures", "k3", 500);

        var again = await psp.FollowUpAsync(authorization, "refunds", "k2", 100);

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal(refused with { IsReplayed = true }, again);
    }

    [Fact]
    public async Task An_expired_key_charges_again_and_the_lookup_shows_both()
    {
        var time = new FakeTimeProvider();
        await using var psp = await PspHost.StartAsync(time);
        await psp.PutFaultsAsync("""{"key_expiry_seconds":60}""");
        var first = await psp.AuthorizeAsync("k1");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True((await psp.AuthorizeAsync("k1")).IsReplayed);
        time.Advance(TimeSpan.FromSeconds(1));

        var second = await psp.AuthorizeAsync("k1");

        Assert.False(second.IsReplayed);
        Assert.Equal([first.Id, second.Id], (await psp.LookUpAsync("k1")).Select(found => found!["id"]!.GetValue<string>()));
        Assert.Empty(await psp.LookUpAsync("unheard-of"));
    }
}
