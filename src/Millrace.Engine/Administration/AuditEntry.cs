using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Administration;

/// <summary>
/// What somebody did to the installation: made a key, drained a node. (What is done to an order is in the order's own events.) Entries are only
/// ever added, and each carries a hash of itself and of all before it: one that is changed, or missing between others, is found. (Whoever may write to the
/// database as its owner can write another end of it; who keeps the last hash elsewhere finds that too.)
/// </summary>
/// <param name="Seq">From 1, without a gap.</param>
/// <param name="AtUnixMs">When it was asked for, by the clock of the node that was asked.</param>
/// <param name="Actor">Who asked.</param>
/// <param name="Tenant">Whom it concerns; null for the installation itself.</param>
/// <param name="Action">Stored name, such as <c>key.created</c>.</param>
/// <param name="Subject">What was acted upon, such as a key's id.</param>
/// <param name="Detail">A JSON object; holds no secret.</param>
/// <param name="Chain">SHA-256 over the one before and all of the above, in lower hexadecimal digits.</param>
public sealed record AuditEntry(
    long Seq, long AtUnixMs, Actor Actor, string? Tenant, string Action, string Subject, string Detail, string Chain)
{
    /// <summary>What the first entry comes after.</summary>
    public static readonly string NoChain = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>The entry that comes after another; null for the first.</summary>
    public static AuditEntry After(AuditEntry? last, long atUnixMs, Actor actor, string? tenant, string action, string subject, string detail)
    {
        var entry = new AuditEntry((last?.Seq ?? 0) + 1, atUnixMs, actor, tenant, action, subject, detail, NoChain);
        return entry with { Chain = entry.ChainAfter(last) };
    }

    /// <summary>Whether this is what was written after the other; null for the beginning.</summary>
    public bool Follows(AuditEntry? last) => Seq == (last?.Seq ?? 0) + 1 && Chain == ChainAfter(last);

    private string ChainAfter(AuditEntry? last)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, last?.Chain ?? NoChain);
        Add(hash, Seq);
        Add(hash, AtUnixMs);
        Add(hash, (int)Actor.Kind);
        foreach (var text in new[] { Actor.Name, Tenant, Action, Subject, Detail })
            Add(hash, text);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }

    // With its length, so that no two lists of texts give the same bytes.
    private static void Add(IncrementalHash hash, string? text)
    {
        Add(hash, text is null ? -1 : Encoding.UTF8.GetByteCount(text));
        if (text is not null)
            hash.AppendData(Encoding.UTF8.GetBytes(text));
    }
}
