using System.IO.Hashing;

namespace Millrace.Api.Idempotency;

/// <summary>
/// Tells a repeat from a reuse of a key: the bytes as they came. Not cryptographic, since a merchant who makes two of
/// his own requests collide harms only his own repeat.
/// </summary>
internal static class PayloadHash
{
    public static UInt128 Of(ReadOnlySpan<byte> body) => XxHash128.HashToUInt128(body);
}
