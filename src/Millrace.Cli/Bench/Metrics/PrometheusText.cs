using System.Globalization;

namespace Millrace.Cli.Bench.Metrics;

internal readonly record struct MetricSample(string Name, Dictionary<string, string> Labels, double Value);

/// <summary>Reads the text exposition format of Prometheus, version 0.0.4 (and OpenMetrics, as far as it is the same).</summary>
internal static class PrometheusText
{
    public static List<MetricSample> Parse(string text)
    {
        var samples = new List<MetricSample>();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text.AsSpan(range).Trim();
            if (line.Length > 0 && line[0] != '#')
                samples.Add(Sample(line));
        }

        return samples;
    }

    private static MetricSample Sample(ReadOnlySpan<char> line)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var nameEnd = line.IndexOfAny('{', ' ');
        if (nameEnd <= 0)
            throw new InvalidDataException($"'{line}' is no metric.");
        var rest = line[nameEnd..];
        if (rest[0] == '{')
            rest = Labels(rest[1..], labels);
        rest = rest.TrimStart();
        // A time stamp or an exemplar may follow.
        var end = rest.IndexOf(' ');
        return new MetricSample(line[..nameEnd].ToString(), labels, Number(end < 0 ? rest : rest[..end]));
    }

    private static ReadOnlySpan<char> Labels(ReadOnlySpan<char> rest, Dictionary<string, string> labels)
    {
        while (true)
        {
            rest = rest.TrimStart(" ,");
            if (rest.IsEmpty)
                throw new InvalidDataException("The labels of a metric are not closed.");
            if (rest[0] == '}')
                return rest[1..];
            var equals = rest.IndexOf('=');
            if (equals < 1 || equals + 1 >= rest.Length || rest[equals + 1] != '"')
                throw new InvalidDataException($"'{rest}' is no label.");
            var name = rest[..equals].ToString();
            rest = rest[(equals + 2)..];
            labels[name] = Quoted(ref rest);
        }
    }

    private static string Quoted(ref ReadOnlySpan<char> rest)
    {
        var value = new System.Text.StringBuilder();
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                rest = rest[(i + 1)..];
                return value.ToString();
            }

            if (rest[i] == '\\' && i + 1 < rest.Length)
                value.Append(rest[++i] == 'n' ? '\n' : rest[i]);
            else
                value.Append(rest[i]);
        }

        throw new InvalidDataException("A label's value is not closed.");
    }

    private static double Number(ReadOnlySpan<char> text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
