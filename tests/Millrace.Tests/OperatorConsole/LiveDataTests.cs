using Millrace.Client.Overview;
using Millrace.OperatorConsole.Pages;
using Xunit;

namespace Millrace.Tests.OperatorConsole;

/// <summary>What the charts are told, second by second.</summary>
public sealed class LiveDataTests
{
    [Fact]
    public async Task Each_second_is_told_once_and_also_after_the_clock_was_set_back()
    {
        var noon = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var asked = new Queue<DateTimeOffset>([noon, noon, noon.AddSeconds(1), noon.AddHours(-1), noon.AddHours(-1), noon.AddHours(-1).AddSeconds(1)]);
        var told = new List<DateTimeOffset>();
        await foreach (var point in LiveData.EachAsync(() => Task.FromResult(asked.TryDequeue(out var at) ? Point(at) : null)))
            told.Add(point.At);
        Assert.Equal([noon, noon.AddSeconds(1), noon.AddHours(-1), noon.AddHours(-1).AddSeconds(1)], told);
    }

    private static NodePoint Point(DateTimeOffset at) => new(at, 0, 0, 0, 0, 0, null, null, null, 0, 0, 0, 0, 0, 0, 0, 0, false, 0, 0, 0, 0, [], null);
}
