using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Net.Http.Headers;
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
        return CheckSize(request, maxBytes);
    }

    /// <summary>Of a body of any media type: its length, and that the length is its own and not that of something packed.</summary>
    public static Problem? CheckSize(HttpRequest request, int maxBytes)
    {
        if (request.ContentLength > maxBytes)
            return TooLarge(maxBytes);
        var coding = request.Headers.ContentEncoding;
        return coding.Count == 0 || (coding.Count == 1 && string.Equals(coding[0], "identity", StringComparison.OrdinalIgnoreCase))
            ? null
            : new Problem(ProblemKinds.UnsupportedMediaType, "Send the body as it is: no content coding is undone here.");
    }

    public static Problem TooLarge(int maxBytes) => new(ProblemKinds.BodyTooLarge, $"At most {maxBytes} bytes are accepted.");

    /// <returns>The whole body, to be given back by <see cref="Release"/>; longer than allowed when it is too large.</returns>
    public static async ValueTask<ReadResult> ReadAsync(HttpRequest request, int maxBytes)
    {
        var reader = request.BodyReader;
        // A small body that came with its headers is here already: one read, done at once. No token: the server ends the
        // read of a broken connection itself, and asking for RequestAborted makes a source for every request.
        try
        {
            var result = await reader.ReadAsync(CancellationToken.None);
            while (!result.IsCompleted && result.Buffer.Length <= maxBytes)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                result = await reader.ReadAsync(CancellationToken.None);
            }

            return result;
        }
        catch (IOException unreadable) when (unreadable is not BadHttpRequestException && !request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // A chunk's size beyond all numbers is all that the server does not call a bad request itself.
            throw new BadHttpRequestException("The body cannot be read.", unreadable);
        }
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

    /// <summary>The media type is this one, and its text, when that is said, UTF-8.</summary>
    public static bool HasMediaType(string? contentType, string mediaType)
    {
        if (contentType is null || contentType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
            return contentType is not null;
        return MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            && parsed.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
            && (!parsed.Charset.HasValue || HeaderUtilities.RemoveQuotes(parsed.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }
}
