using Millrace.Simulation.Checkers;
using Xunit;

namespace Millrace.Tests.Simulation;

public sealed class CheckReportTests
{
    [Fact]
    public void Violations_that_are_not_listed_are_counted_for_their_invariant_all_the_same()
    {
        var report = new CheckReport();
        for (var i = 0; i < CheckReport.MaxListed; i++)
            report.Add(1, "order", "what");
        for (var i = 0; i < 7; i++)
            report.Add(3, "order", "charged twice");
        Assert.Equal(CheckReport.MaxListed, report.Violations.Count);
        Assert.Equal((CheckReport.MaxListed, 7, 0), (report.CountOf(1), report.CountOf(3), report.CountOf(4)));
        Assert.Equal(CheckReport.MaxListed + 7, report.ViolationCount);
    }
}
