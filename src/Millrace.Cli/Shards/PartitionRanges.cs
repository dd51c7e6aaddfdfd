using System.Globalization;
using Millrace.Cli.Client;

namespace Millrace.Cli.Shards;

/// <summary>Partitions as people write them: <c>3,5-7</c>.</summary>
internal static class PartitionRanges
{
    /// <exception cref="UsageException">It is not of this form, or names partitions that there are not.</exception>
    public static IReadOnlyList<int> Parse(string text, int count)
    {
        var partitions = new SortedSet<int>();
        foreach (var range in text.Split(','))
        {
            var ends = range.Split('-');
            if (ends.Length > 2 || !IsNumber(ends[0], out var first) || !IsNumber(ends[^1], out var last) || last < first)
                throw new UsageException($"'{range}' is no partition and no range of them, such as 3 or 5-7.");
            if (last >= count)
                throw new UsageException($"There is no partition {last}: the store has 0 to {count - 1}.");
            partitions.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return [.. partitions];
    }

    public static string Format(IReadOnlyList<int> partitions)
    {
        var ranges = new List<string>();
        for (var i = 0; i < partitions.Count;)
        {
            var first = i;
            while (++i < partitions.Count && partitions[i] == partitions[i - 1] + 1)
            {
            }

            ranges.Add(i - first == 1 ? $"{partitions[first]}" : $"{partitions[first]}-{partitions[i - 1]}");
        }

        return string.Join(',', ranges);
    }

    private static bool IsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
