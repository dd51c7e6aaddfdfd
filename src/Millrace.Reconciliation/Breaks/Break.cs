using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Millrace.Reconciliation.Breaks;

/// <summary>What differs. Stored and shown; never change one.</summary>
public static class BreakKinds
{
    /// <summary>The provider did it, and no order asked for it.</summary>
    public const string NotRequested = "not_requested";

    /// <summary>The provider did it again, under a key that it had done before.</summary>
    public const string Repeated = "repeated";

    /// <summary>The provider did it, and the order that asked for it was told otherwise.</summary>
    public const string NotBooked = "not_booked";

    /// <summary>The provider did it, and the order still waits to hear of it.</summary>
    public const string Pending = "pending";

    /// <summary>Both have it, and not the same of it.</summary>
    public const string Differs = "differs";

    /// <summary>The order has it, and the provider does not.</summary>
    public const string Missing = "missing";

    public static readonly IReadOnlyList<string> All = [NotRequested, Repeated, NotBooked, Pending, Differs, Missing];
}

/// <summary>What one side has of an operation.</summary>
/// <param name="AmountMinor">In minor units.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record BreakSide(long AmountMinor, string Currency);

/// <summary>A difference between the orders' ledgers and the provider's record, from when it was found. Fields are stored: never change one.</summary>
/// <param name="Id">Follows from the key and the provider's operation.</param>
/// <param name="Kind">Of <see cref="BreakKinds"/>.</param>
/// <param name="PaymentKey">The idempotency key of the operation, ours or what the provider has in its place.</param>
/// <param name="OperationId">The provider's reference of it.</param>
/// <param name="Operation">authorize, capture, void or refund.</param>
/// <param name="OpenedAt">When it was found.</param>
public sealed record Break(string Id, string Kind, string PaymentKey, string OperationId, string Operation, DateTimeOffset OpenedAt)
{
    private const string Prefix = "brk_";
    private const int IdBytes = 16;

    /// <summary>Whose order it is about; null where there is no such order.</summary>
    public string? Tenant { get; init; }

    /// <summary>Its id; null where there is none.</summary>
    public string? Order { get; init; }

    /// <summary>The order that the provider names, whether or not there is one; null when it tells of none.</summary>
    public string? PspOrder { get; init; }

    /// <summary>What the order has booked, or asked for; null for nothing.</summary>
    public BreakSide? Ours { get; init; }

    /// <summary>What the provider has done; null for nothing.</summary>
    public BreakSide? Theirs { get; init; }

    /// <summary>Who sees to it; null for nobody yet.</summary>
    public string? Owner { get; init; }

    /// <summary>Null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>The person who closed it; null when both sides came to agree.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>Why a person closed it.</summary>
    public string? Reason { get; init; }

    [JsonIgnore]
    public bool IsOpen => ClosedAt is null;

    /// <summary>The money about which the two sides differ.</summary>
    [JsonIgnore]
    public BreakSide? AtRisk => (Ours, Theirs) switch
    {
        ({ } ours, { } theirs) when Kind == BreakKinds.Differs && ours.Currency == theirs.Currency && ours.AmountMinor != theirs.AmountMinor =>
            theirs with { AmountMinor = Math.Abs(theirs.AmountMinor - ours.AmountMinor) },
        (_, { } theirs) => theirs,
        _ => Ours,
    };

    public static bool IsId(string text) => text.Length == Prefix.Length + (2 * IdBytes) && text.StartsWith(Prefix, StringComparison.Ordinal) && !text.AsSpan(Prefix.Length).ContainsAnyExcept("0123456789abcdef");

    /// <summary>The same whenever it is found: one for each operation under each key.</summary>
    public static string IdOf(string paymentKey, string operationId) =>
        Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{paymentKey}\n{operationId}")).AsSpan(0, IdBytes));
}
