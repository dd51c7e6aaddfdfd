using Xunit;

namespace Millrace.Tests.Model;

/// <summary>A small formal model, explored whole: all that two owners, five requests, two values and one fail-over can come to.</summary>
public sealed class JournalModelTests(ITestOutputHelper output)
{
    [Fact]
    public void In_every_order_of_events_nothing_acknowledged_is_lost_and_the_current_owner_knows_it()
    {
        var (states, violation) = Explore(ProtocolMistake.None);
        output.WriteLine($"{states:N0} states");
        Assert.Null(violation);
        Assert.True(states > 10_000, "The model is too small to mean anything.");
    }

    [Theory]
    [InlineData(ProtocolMistake.AppendsAreNotFenced)]
    [InlineData(ProtocolMistake.ClaimIsAnsweredBeforeItIsReplicated)]
    [InlineData(ProtocolMistake.AppendIsAnsweredBeforeItIsReplicated)]
    [InlineData(ProtocolMistake.TailIsReadBeforeTheClaim)]
    internal void A_protocol_with_a_mistake_is_found_out(ProtocolMistake mistake)
    {
        var (states, violation) = Explore(mistake);
        output.WriteLine($"after {states:N0} states: {violation}");
        Assert.NotNull(violation);
    }

    // Breadth first, so that the first violation is one of the shortest.
    private static (int States, string? Violation) Explore(ProtocolMistake mistake)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { JournalModel.Start.Key() };
        var open = new Queue<JournalModel>([JournalModel.Start]);
        while (open.TryDequeue(out var state))
        {
            if (state.Violation() is { } violation)
                return (seen.Count, violation);
            foreach (var next in state.Next(mistake))
            {
                if (seen.Add(next.Key()))
                    open.Enqueue(next);
            }
        }

        return (seen.Count, null);
    }
}
