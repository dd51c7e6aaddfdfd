using System.Text;
using Millrace.Gateways.Psp;

namespace Millrace.Reconciliation.Comparing;

/// <summary>An operation as one side tells of it.</summary>
/// <param name="PaymentKey">Under which it was asked for.</param>
/// <param name="Id">The provider's reference.</param>
/// <param name="Kind">authorize, capture, void or refund.</param>
/// <param name="AmountMinor">Null when it is not told.</param>
/// <param name="Currency">Null when it is not told.</param>
/// <param name="Authorization">The provider's reference of the authorization; null when it is not told, as by ours.</param>
/// <param name="PspOrder">The order that the provider names; null when it is not told.</param>
internal sealed record Operation(string PaymentKey, string Id, string Kind, long? AmountMinor, string? Currency, string? Authorization = null, string? PspOrder = null)
{
    private const int MostShort = 200;

    public static Operation Of(PspRecord record) => new(record.Reference, record.Id, record.Kind, record.Amount, record.Currency, record.AuthorizationId, record.Order);

    /// <summary>A provider may have been told names of any length and in any writing.</summary>
    public bool IsShort => PaymentKey.Length + Id.Length + (PspOrder?.Length ?? 0) <= MostShort && Ascii.IsValid(PaymentKey) && Ascii.IsValid(Id) && Ascii.IsValid(PspOrder ?? "");

    /// <summary>Whether ours is told so that it can be compared: the amount of an authorization means nothing without its currency, and what follows one is in its currency.</summary>
    public bool IsWhole => AmountMinor is not null && (Currency is not null || Kind != "authorize");

    /// <summary>Whether another side's telling is of the same thing. What is not told is not compared.</summary>
    public bool IsLike(Operation other) =>
        IsWhole && other.IsWhole && PaymentKey == other.PaymentKey && Kind == other.Kind && AmountMinor == other.AmountMinor
        && (Currency is null || other.Currency is null || Currency == other.Currency);
}
