using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Without_jitter_it_begins_with_five_seconds_ends_with_a_day_and_takes_about_75_hours()
    {
        var pauses = Enumerable.Range(1, 20).Select(failed => RetrySchedule.PauseAfter(failed, null, 0.5)).TakeWhile(pause => pause is not null).Select(pause => pause!.Value).ToList();
        Assert.Equal(RetrySchedule.MostAttempts, pauses.Count + 1);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromHours(24)), (pauses[0], pauses[^1]));
        Assert.Equal(pauses.Order(), pauses);
        Assert.InRange(pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause), TimeSpan.FromHours(75), TimeSpan.FromHours(76));
    }

    [Fact]
    public void Jitter_moves_a_pause_by_a_fifth_at_most()
    {
        Assert.Equal(TimeSpan.FromSeconds(4), RetrySchedule.PauseAfter(1, null, 0));
        Assert.Equal(TimeSpan.FromSeconds(6), RetrySchedule.PauseAfter(1, null, 1));
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(1, 5)]
    [InlineData(999_999, 86_400)]
    public void A_receiver_may_put_off_an_attempt_for_a_day_and_never_hurries_one(int asked, int waited) =>
        Assert.Equal(TimeSpan.FromSeconds(waited), RetrySchedule.PauseAfter(1, TimeSpan.FromSeconds(asked), 0.5));

    // Else one that always asks for a moment would be asked for ever.
    [Fact]
    public void A_receiver_that_asks_for_more_gets_no_more_attempts() =>
        Assert.Null(RetrySchedule.PauseAfter(RetrySchedule.MostAttempts, TimeSpan.FromSeconds(1), 0.5));
}
