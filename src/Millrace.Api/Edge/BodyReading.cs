using System.Buffers;
using System.IO.Pipelines;
using Millrace.Api.Problems;

namespace Millrace.Api.Edge;

/// <summary>Takes a request's body whole, bounded, without a copy when it came in one piece.</summary>
internal static class BodyReading
{
    public const int MaxBytes = 1 << 20;
    public const int MaxBatchBytes = 8 << 20;
    public const int MaxSmallBytes = 64 << 10;

    /// <summary>Checks what the headers say of the body; null when it may be read.</summary>
    public static Problem? Check(HttpRequest request, int maxBytes)
    {
        if (!IsJson(request.ContentType))
            return new Problem(ProblemKinds.UnsupportedMediaType, "Send application/json.");
        return CheckLength(request, maxBytes);
    }

    public static Problem? CheckLength(HttpRequest request, int maxBytes) =>
        request.ContentLength > maxBytes ? TooLarge(maxBytes) : null;

    public static Problem TooLarge(int maxBytes) => new(ProblemKinds.BodyTooLarge, $"At most {maxBytes} bytes are accepted.");

    /// <returns>The whole body, to be given back by <see cref="Release"/>; longer than allowed when it is too large.</returns>
    public static async ValueTask<ReadResult> ReadAsync(HttpRequest request, int maxBytes)
    {
        var reader = request.BodyReader;
        // A small body that came with its headers is here already: one read, done at once. No token: the server ends the
        // read of a broken connection itself, and asking for RequestAborted makes a source for every request.
        var result = await reader.ReadAsync(CancellationToken.None);
        while (!result.IsCompleted && result.Buffer.Length <= maxBytes)
        {
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = await reader.ReadAsync(CancellationToken.None);
        }

        return result;
    }

    public static void Release(HttpRequest request, in ReadResult body) => request.BodyReader.AdvanceTo(body.Buffer.End);

    /// <summary>The body as one span; <paramref name="rented"/> must go back to the shared pool when it is not null.</summary>
    public static ReadOnlySpan<byte> Contiguous(in ReadResult body, out byte[]? rented)
    {
        rented = null;
        if (body.Buffer.IsSingleSegment)
            return body.Buffer.FirstSpan;
        var length = (int)body.Buffer.Length;
        rented = ArrayPool<byte>.Shared.Rent(length);
        body.Buffer.CopyTo(rented);
        return rented.AsSpan(0, length);
    }

    private static bool IsJson(string? contentType) =>
        contentType is not null && HasMediaType(contentType, "application/json");

    /// <summary>The media type is this one, whatever its parameters.</summary>
    public static bool HasMediaType(string? contentType, string mediaType) =>
        contentType is not null && contentType.StartsWith(mediaType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == mediaType.Length || contentType[mediaType.Length] is ';' or ' ');
}
