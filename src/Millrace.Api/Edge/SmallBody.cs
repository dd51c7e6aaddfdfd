using System.Buffers;
using Millrace.Api.Problems;

namespace Millrace.Api.Edge;

/// <summary>The bodies of the rarer commands: small, so they are copied and freed of the connection at once.</summary>
internal static class SmallBody
{
    private static readonly byte[] Nothing = "{}"u8.ToArray();

    /// <param name="request">Whose body.</param>
    /// <param name="mayBeEmpty">No body at all counts as an empty object.</param>
    public static async ValueTask<(byte[] Utf8, Problem? Problem)> ReadAsync(HttpRequest request, bool mayBeEmpty)
    {
        if (BodyReading.CheckSize(request, BodyReading.MaxSmallBytes) is { } tooLarge)
            return ([], tooLarge);
        var body = await BodyReading.ReadAsync(request, BodyReading.MaxSmallBytes);
        try
        {
            if (body.Buffer.Length > BodyReading.MaxSmallBytes)
                return ([], BodyReading.TooLarge(BodyReading.MaxSmallBytes));
            if (body.Buffer.IsEmpty && mayBeEmpty)
                return (Nothing, null);
            return (body.Buffer.ToArray(), BodyReading.Check(request, BodyReading.MaxSmallBytes));
        }
        finally
        {
            BodyReading.Release(request, body);
        }
    }
}
