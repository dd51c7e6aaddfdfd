using Millrace.Api.Problems;

namespace Millrace.Api.Json;

/// <summary>How a secret is replaced by another: for how long both are good.</summary>
internal static class RotationBody
{
    private const int MaxOverlapSeconds = 30 * 24 * 3600;
    private const int DefaultOverlapSeconds = 24 * 3600;
    private static readonly FieldSet Fields = new("overlap_s");

    public static Problem? Read(ReadOnlySpan<byte> utf8, out TimeSpan overlap)
    {
        var json = new StrictJson(utf8);
        long seconds = DefaultOverlapSeconds;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is not null)
                seconds = json.Whole(0, MaxOverlapSeconds);
        }

        json.End();
        overlap = TimeSpan.FromSeconds(seconds);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }
}
