using Millrace.Engine.ReadModel;

namespace Millrace.Storage.ReadModel;

/// <summary>What every store takes a page of items to mean.</summary>
internal static class StockPageRules
{
    public static void RequireLimit(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, IStockPages.MostRows);
    }

    /// <summary>Above all SKUs that begin with it: those are printable ASCII.</summary>
    public static string End(string prefix) => prefix + '\u007f';
}
