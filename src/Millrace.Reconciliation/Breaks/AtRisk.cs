namespace Millrace.Reconciliation.Breaks;

/// <summary>The money about which breaks differ.</summary>
public static class AtRisk
{
    /// <summary>One sum of each currency; a sum that has no number any more is told as the greatest that there is.</summary>
    public static IEnumerable<BreakSide> Sum(IEnumerable<Break> breaks) =>
        from side in breaks.Select(one => one.AtRisk).OfType<BreakSide>()
        group side by side.Currency into sides
        orderby sides.Key
        select new BreakSide((long)Int128.Min(sides.Aggregate((Int128)0, (sum, side) => sum + side.AmountMinor), long.MaxValue), sides.Key);
}
