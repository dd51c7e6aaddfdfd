using Millrace.Cli.Plan;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

public sealed class PlanTests
{
    [Fact]
    public async Task A_plan_shows_what_it_starts_from_and_where_each_figure_comes_from()
    {
        var rows = (await CliRun.OfAsync(0, "plan", "--orders-per-second", "1000", "--cores", "8", "-o", "ndjson")).Rows;
        Assert.All(rows, row => Assert.False(string.IsNullOrEmpty((string?)row["from"])));
        Assert.Equal(PlanFigures.All.Count, rows.Count(row => (string)row["kind"]! == "input"));
        Assert.Equal("given", (string)rows.Single(row => ((string)row["what"]!).StartsWith("cores:", StringComparison.Ordinal))["from"]!);
        Assert.Equal(3_000, (double)rows.Single(row => (string)row["what"]! == "peak")["value"]!);
    }

    [Fact]
    public void Its_arithmetic_is_that_of_its_formulae()
    {
        // 40,000/s × 186 µs are 7.44 cores, at half load 14.88: two thirds of them of nodes with 2 cores, and one to spare.
        var results = Of(new PlanTarget(10_000, 40_000, 10, 2), figure => figure.Default);
        Assert.Equal(10.12, results["cores of all nodes together at the peak"], 2);
        Assert.Equal((7, 3, 9), (results["nodes"], results["databases, beside their standbys"], results["database servers with standbys"]));
        Assert.Equal(64, results["partitions (fixed for the life of a store)"]);
        Assert.Equal(941.76, results["disk a day, all databases, without standbys, GB"], 2);
        Assert.Equal(9_417.6, results["disk for what is kept, all databases, without standbys, GB"], 1);
        Assert.Equal(960, results["network with clients at the peak, Mbit/s"], 1);
    }

    [Fact]
    public void More_is_never_less()
    {
        var before = Of(new PlanTarget(1, 1, 30, 1), figure => figure.Default);
        for (var peak = 10.0; peak <= 1e6; peak *= 10)
        {
            var now = Of(new PlanTarget(peak, peak, 30, 1), figure => figure.Default);
            Assert.All(before, result => Assert.True(now[result.Key] >= result.Value, result.Key));
            before = now;
        }
    }

    [Theory]
    [InlineData("9000")]
    [InlineData("1000000")]
    public async Task What_is_set_or_ordered_is_told_as_it_is(string perSecond)
    {
        var rows = (await CliRun.OfAsync(0, "plan", "--orders-per-second", perSecond, "-o", "ndjson")).Rows.ToDictionary(row => (string)row["what"]!, row => (double)row["value"]!, StringComparer.Ordinal);
        var partitions = rows["partitions (fixed for the life of a store)"];
        Assert.True(partitions is >= 64 and <= 4_096 && double.IsPow2(partitions), $"{partitions}");
        Assert.Equal(2 * rows["databases, beside their standbys"], rows["database servers with standbys"]);
        var exact = Of(new PlanTarget(double.Parse(perSecond), 3 * double.Parse(perSecond), 90, 1), figure => figure.Default);
        Assert.Equal((exact["nodes"], exact["databases, beside their standbys"]), (rows["nodes"], rows["databases, beside their standbys"]));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(0.7589, 0.76)]
    [InlineData(10.1184, 10)]
    [InlineData(941.76, 940)]
    [InlineData(123456, 120000)]
    [InlineData(0.0001234, 0.00012)]
    public void What_is_shown_has_two_figures(double value, double shown) => Assert.Equal(shown, CapacityPlan.Rough(value), 10);

    private static Dictionary<string, double> Of(PlanTarget target, Func<Figure, double> of) => CapacityPlan.Of(target, of).ToDictionary(result => result.What, result => result.Value, StringComparer.Ordinal);
}
