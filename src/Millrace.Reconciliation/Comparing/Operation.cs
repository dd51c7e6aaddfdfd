using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Millrace.Gateways.Psp;

namespace Millrace.Reconciliation.Comparing;

/// <summary>An operation as one side tells of it. All names in it that a provider may have made are as <see cref="NameOf"/> has them.</summary>
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

    // No provider's names are as long; and with all of them a break, whatever their writing, is less than ten KB: a record has room for that.
    private const int MostName = 200;
    private const int DigestBytes = 16;

    // Each is one byte in JSON.
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/ ");

    public static Operation Of(PspRecord record) => new(
        NameOf(record.Reference), NameOf(record.Id), NameOf(record.Kind), record.Amount, NameOf(record.Currency), NameOf(record.AuthorizationId), NameOf(record.Order));

    /// <summary>A name as it is compared and kept. One that is too long is cut, and ends in a digest of it: two of them are two all the same.</summary>
    public static string NameOf(string told)
    {
        if (told.Length <= MostName)
            return told;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(told)).AsSpan(0, DigestBytes));
        var kept = MostName - digest.Length - 1;
        return $"{told[..(char.IsHighSurrogate(told[kept - 1]) ? kept - 1 : kept)]}…{digest}";
    }

    /// <summary>A provider may have been told names of any length and in any writing.</summary>
    public bool IsShort => Names.Sum(name => name.Length) <= MostShort && !Names.Any(name => name.AsSpan().ContainsAnyExcept(Plain));

    private IEnumerable<string> Names => [PaymentKey, Id, Kind, Currency ?? "", Authorization ?? "", PspOrder ?? ""];

    /// <summary>Whether ours is told so that it can be compared: the amount of an authorization means nothing without its currency, and what follows one is in its currency.</summary>
    public bool IsWhole => AmountMinor is not null && (Currency is not null || Kind != "authorize");

    /// <summary>Whether another side's telling is of the same thing. What is not told is not compared.</summary>
    public bool IsLike(Operation other) =>
        IsWhole && other.IsWhole && PaymentKey == other.PaymentKey && Kind == other.Kind && AmountMinor == other.AmountMinor
        && (Currency is null || other.Currency is null || Currency == other.Currency);
}
