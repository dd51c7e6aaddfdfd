using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

public sealed class AttemptWindowTests
{
    private static readonly SendResult Taken = new(204, null, null, TimeSpan.Zero);
    private static readonly SendResult Late = new(null, SendErrors.Timeout, null, TimeSpan.Zero);
    private readonly AttemptWindow _window = new();

    [Fact]
    public async Task It_grows_with_what_is_answered_up_to_its_bound_and_shrinks_with_what_is_not()
    {
        Assert.Equal(1, Fill());
        for (var i = 0; i < 20; i++)
            await TurnAsync(Taken);
        Assert.Equal(AttemptWindow.Most, Fill());
        await TurnAsync(Late);
        Assert.Equal(AttemptWindow.Most / 2, Fill());
        for (var i = 0; i < 20; i++)
            await TurnAsync(Late);
        Assert.Equal(1, Fill());
    }

    // It is the event that it does not like.
    [Theory]
    [InlineData(400, false)]
    [InlineData(500, false)]
    [InlineData(429, true)]
    [InlineData(503, true)]
    public async Task A_receiver_that_refuses_is_not_slow_unless_it_says_so(int status, bool isTooMuch)
    {
        for (var i = 0; i < 20; i++)
            await TurnAsync(Taken);
        await TurnAsync(new SendResult(status, SendErrors.Refused, null, TimeSpan.Zero));
        Assert.Equal(isTooMuch ? AttemptWindow.Most / 2 : AttemptWindow.Most, Fill());
    }

    [Fact]
    public async Task Who_waits_comes_in_his_turn_and_who_was_given_up_takes_none()
    {
        await _window.EnterAsync(default);
        using var canceled = new CancellationTokenSource();
        var (first, second, third) = (_window.EnterAsync(default), _window.EnterAsync(canceled.Token), _window.EnterAsync(default));
        await canceled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        _window.Leave(null);
        await first;
        Assert.False(third.IsCompleted);
        _window.Leave(null);
        await third;
    }

    // How many come in at once; all leave again as if nothing had been.
    private int Fill()
    {
        var inside = 0;
        using var end = new CancellationTokenSource();
        while (_window.EnterAsync(end.Token).IsCompletedSuccessfully)
            inside++;
        end.Cancel();
        for (var i = 0; i < inside; i++)
            _window.Leave(null);
        return inside;
    }

    private async Task TurnAsync(SendResult result)
    {
        await _window.EnterAsync(default);
        _window.Leave(result);
    }
}
