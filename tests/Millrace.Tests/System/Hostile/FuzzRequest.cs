using System.Globalization;
using System.Text;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>A request as bytes will have it. Characters up to U+00FF stand for single bytes.</summary>
internal sealed class FuzzRequest
{
    public required Operation Operation { get; init; }

    public required string Method { get; set; }

    public required string Path { get; set; }

    public string Query { get; set; } = "";

    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[]? Body { get; set; }

    /// <summary>What was done to it; empty for a request that the contract allows.</summary>
    public List<string> Wounds { get; } = [];

    /// <summary>The server's own parser may refuse it, before the edge sees it.</summary>
    public bool MayBeNoHttp { get; set; }

    public void Set(string name, params string[] values)
    {
        Headers.RemoveAll(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        Headers.AddRange(values.Select(value => (name, value)));
    }

    public byte[] ToBytes()
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Method} {Path}{Query} HTTP/1.1\r\nHost: localhost\r\n");
        foreach (var (name, value) in Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (Body is not null)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. Body ?? []];
    }

    public override string ToString()
    {
        var bytes = ToBytes();
        return $"[{string.Join(", ", Wounds)}] {Encoding.Latin1.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 1_500))).ReplaceLineEndings("\\n")}";
    }
}
