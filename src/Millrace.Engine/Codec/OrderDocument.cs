using System.Buffers.Binary;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Codec;

/// <summary>One event of an order with what is known about it.</summary>
/// <param name="Version">1 for the first event; the order's version after it.</param>
/// <param name="Context">When, who, and the idempotency key if it is the first event of a keyed change.</param>
/// <param name="Fact">The event.</param>
/// <param name="EndsDecision">The last event of its decision: what the command's answer showed.</param>
public readonly record struct RecordedEvent(int Version, EventContext Context, OrderEvent Fact, bool EndsDecision);

/// <summary>
/// An order's whole history in bytes: its decisions one after another, exactly as the journal has them. It is the
/// read model's document, the form in which a cold order is kept, and what "as of" is answered from.
/// </summary>
public static class OrderDocument
{
    public static IEnumerable<RecordedEvent> Read(ReadOnlyMemory<byte> document)
    {
        var version = 0;
        var offset = 0;
        while (offset < document.Length)
        {
            var decision = OrderDecisionCodec.Read(document.Span[offset..], out var length);
            offset += length;
            for (var i = 0; i < decision.Facts.Length; i++)
            {
                var context = i == 0 ? decision.Context : decision.Context with { Key = null };
                yield return new RecordedEvent(++version, context, decision.Facts[i], i == decision.Facts.Length - 1);
            }
        }
    }

    /// <summary>Whether one of the document's texts may be this one: for whoever looks for few orders among many, a tenth of what reading them costs.</summary>
    /// <param name="document">Texts stand in it as they are.</param>
    /// <param name="utf8">The text.</param>
    /// <returns>False when none is.</returns>
    public static bool MayHold(ReadOnlySpan<byte> document, ReadOnlySpan<byte> utf8) => document.IndexOf(utf8) >= 0;

    /// <summary>Whether one of the document's changes may have been made under this key.</summary>
    /// <param name="document">Hashes of keys stand in it as <see cref="PayloadWriter.Hash"/> writes them.</param>
    /// <param name="keyHash">The hash.</param>
    /// <returns>False when none was.</returns>
    public static bool MayHold(ReadOnlySpan<byte> document, UInt128 keyHash)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, keyHash);
        return MayHold(document, bytes);
    }

    /// <summary>The order after all its events, or after those up to <paramref name="version"/>; null when empty.</summary>
    public static Order? Fold(OrderId id, ReadOnlyMemory<byte> document, int version = int.MaxValue)
    {
        Order? order = null;
        foreach (var recorded in Read(document))
        {
            if (recorded.Version > version)
                break;
            Order.Evolve(id, shared: null, ref order, recorded.Fact, recorded.Context);
        }

        return order;
    }

    /// <summary>The order after the decision that holds <paramref name="version"/>: what that decision's answer showed.</summary>
    public static Order? FoldDecision(OrderId id, ReadOnlyMemory<byte> document, int version)
    {
        Order? order = null;
        foreach (var recorded in Read(document))
        {
            Order.Evolve(id, shared: null, ref order, recorded.Fact, recorded.Context);
            if (recorded.Version >= version && recorded.EndsDecision)
                break;
        }

        return order;
    }
}
