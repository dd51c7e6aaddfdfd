namespace Millrace.Domain.Orders;

/// <summary>Stable codes of why an order was parked.</summary>
public static class OrderParkCodes
{
    /// <summary>The PSP's answer stayed unknown until the retry budget was used up.</summary>
    public const string PaymentUnknown = "payment_unknown";

    /// <summary>A command made the decider throw.</summary>
    public const string Poison = "poison";
}
