using Millrace.Cli.Verify;
using Millrace.Simulation.Checkers;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>What <c>millrace verify</c> says of a store that no server has open.</summary>
internal static class Violations
{
    public static async Task<CheckReport> NoneAsync(string dataDirectory, Uri? psp)
    {
        var report = await StoreVerification.RunAsync(dataDirectory, psp, CancellationToken.None);
        Assert.True(report.ViolationCount == 0, string.Join('\n', report.Violations.Take(20)));
        return report;
    }
}
