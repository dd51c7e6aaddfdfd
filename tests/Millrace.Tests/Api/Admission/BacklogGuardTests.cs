using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Admission;
using Xunit;

namespace Millrace.Tests.Api.Admission;

public sealed class BacklogGuardTests
{
    [Fact]
    public void It_closes_when_the_oldest_is_too_old_and_opens_when_it_moves()
    {
        var time = new FakeTimeProvider();
        var age = TimeSpan.FromMinutes(15);
        using var guard = new BacklogGuard(() => age, TimeSpan.FromMinutes(15), time);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(guard.IsBehind);
        age += TimeSpan.FromSeconds(1);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(guard.IsBehind);
        age = TimeSpan.Zero;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(guard.IsBehind);
    }
}
