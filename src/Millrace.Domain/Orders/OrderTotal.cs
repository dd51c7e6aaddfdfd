namespace Millrace.Domain.Orders;

/// <summary>The one place where an order's total is computed.</summary>
public static class OrderTotal
{
    /// <summary>Quantity × unit price − discounts + taxes, over all lines, plus shipping; in minor units.</summary>
    /// <returns>False when a line or the total is negative or does not fit 64 bits.</returns>
    public static bool TryCompute(IReadOnlyList<LineItem> lines, long shippingMinor, out long totalMinor)
    {
        totalMinor = 0;
        try
        {
            var total = shippingMinor;
            foreach (var line in lines)
            {
                var amount = LineMinor(line);
                if (amount < 0)
                    return false;
                total = checked(total + amount);
            }

            totalMinor = total;
            return total >= 0;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    /// <exception cref="OverflowException">The line does not fit 64 bits.</exception>
    public static long LineMinor(LineItem line)
    {
        var amount = checked(line.Quantity * line.UnitPriceMinor);
        foreach (var discount in line.Discounts)
            amount = checked(amount - discount.AmountMinor);
        foreach (var tax in line.TaxLines)
            amount = checked(amount + tax.AmountMinor);
        return amount;
    }
}
