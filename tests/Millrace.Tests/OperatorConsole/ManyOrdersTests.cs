using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Millrace.OperatorConsole.Pages;
using Xunit;

namespace Millrace.Tests.OperatorConsole;

/// <summary>What was done with the orders that somebody marked is told, however far it came.</summary>
public sealed class ManyOrdersTests
{
    private static readonly FormCollection Marked = new(new Dictionary<string, StringValues> { ["key"] = "k", ["order"] = new(["ord_1", "ord_2", "ord_3", "ord_4"]) });

    [Fact]
    public async Task When_one_is_not_answered_for_those_before_are_told_and_those_behind_are_not_asked_for()
    {
        List<string?> asked = [];
        var (words, isProblem) = await OrdersPages.EachAsync(new DefaultHttpContext(), Marked, (id, options, _) =>
        {
            asked.Add(options.IdempotencyKey);
            return id == "ord_3" ? Task.FromException(new TimeoutException("late")) : Task.CompletedTask;
        });
        Assert.True(isProblem);
        Assert.StartsWith("Done for 2, refused for 0. ord_3 was not answered for", words, StringComparison.Ordinal);
        Assert.Equal(["k-ord_1", "k-ord_2", "k-ord_3"], asked);
    }

    [Fact]
    public async Task When_all_are_done_their_number_is_told() =>
        Assert.Equal(("Done for 4.", false), await OrdersPages.EachAsync(new DefaultHttpContext(), Marked, (_, _, _) => Task.CompletedTask));
}
