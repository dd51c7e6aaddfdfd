using System.Globalization;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>A month's orders: those whose id was made in it, by UTC.</summary>
/// <param name="First">Its first day.</param>
internal sealed record OrderMonth(DateOnly First)
{
    /// <summary>Its own table, when it has one; rows may be in the default table too.</summary>
    public string Table => "orders_" + First.ToString("yyyyMM", CultureInfo.InvariantCulture);

    /// <summary>As people are shown it.</summary>
    public string Name => First.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>At most every id of the month.</summary>
    public Guid Low => IdAt(First);

    /// <summary>Above every id of the month.</summary>
    public Guid High => IdAt(First.AddMonths(1));

    /// <summary>What its table must be for, as the server shows it.</summary>
    public string Bounds => $"FOR VALUES FROM ('{Low}') TO ('{High}')";

    // A UUIDv7 begins with the milliseconds since 1970 in 48 bits. https://www.rfc-editor.org/rfc/rfc9562#section-5.7
    private static Guid IdAt(DateOnly day) =>
        Lists.OrderLister.Key((UInt128)(ulong)new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds() << 80);
}
