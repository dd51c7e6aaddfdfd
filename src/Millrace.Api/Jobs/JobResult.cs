using System.Text;

namespace Millrace.Api.Jobs;

/// <summary>What became of one order of a job.</summary>
/// <param name="Order">Its id.</param>
/// <param name="Outcome">A word of <see cref="JobOutcome"/>.</param>
/// <param name="Code">Why it was refused or skipped: a problem's code.</param>
internal readonly record struct JobResult(string Order, string Outcome, string? Code = null)
{
    /// <summary>A line for each; ids, words and codes have no spaces.</summary>
    public static byte[] Write(IEnumerable<JobResult> results)
    {
        var text = new StringBuilder();
        foreach (var result in results)
        {
            text.Append(result.Order).Append(' ').Append(result.Outcome);
            if (result.Code is not null)
                text.Append(' ').Append(result.Code);
            text.Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public static List<JobResult> Read(ReadOnlySpan<byte> ascii) =>
        [.. Encoding.ASCII.GetString(ascii).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static JobResult Parse(string line) => line.Split(' ') switch
    {
        [var order, var outcome] => new JobResult(order, outcome),
        [var order, var outcome, var code] => new JobResult(order, outcome, code),
        _ => throw new InvalidDataException("A result of a job is not as it was written."),
    };
}

/// <summary>The words for what became of an order.</summary>
internal static class JobOutcome
{
    /// <summary>It was done.</summary>
    public const string Changed = "changed";

    /// <summary>It was so already.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>The order's rules say no.</summary>
    public const string Refused = "refused";

    /// <summary>The order does not match any more.</summary>
    public const string Skipped = "skipped";
}
