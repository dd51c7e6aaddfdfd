namespace Millrace.Cli.Replay;

/// <param name="Name">The most common description, or the SKU.</param>
/// <param name="PriceMinor">The most common price.</param>
/// <param name="UnitsSold">In the whole file.</param>
internal readonly record struct SalesItem(string Sku, string Name, long PriceMinor, long UnitsSold);

/// <summary>What a file sells: gathered in a first pass, since an order needs its items to exist.</summary>
internal sealed class SalesCatalog
{
    private const int MaxNameLength = 200;
    private readonly Dictionary<string, Tally> _bySku = new(StringComparer.Ordinal);

    public int Invoices { get; private set; }

    /// <param name="invoice">Any invoice of the file.</param>
    /// <param name="isReplayed">False for one beyond the limit: it counts towards the stock, so that a shorter run and a later longer one agree.</param>
    public void Add(Invoice invoice, bool isReplayed)
    {
        if (isReplayed)
            Invoices++;
        if (invoice.IsCancellation)
            return;
        foreach (var line in invoice.Lines)
        {
            if (!_bySku.TryGetValue(line.Source.Sku, out var tally))
                _bySku.Add(line.Source.Sku, tally = new Tally());
            tally.Units += line.Quantity;
            tally.IsNeeded |= isReplayed;
            Count(tally.Prices, line.PriceMinor);
            if (Printable(line.Source.Description) is { Length: > 0 } name)
                Count(tally.Names, name);
        }
    }

    /// <summary>The items that the replayed invoices need, by SKU.</summary>
    public List<SalesItem> Items() =>
    [
        .. _bySku.Where(pair => pair.Value.IsNeeded).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new SalesItem(
            pair.Key,
            pair.Value.Names.Count == 0 ? pair.Key : MostCommon(pair.Value.Names, StringComparer.Ordinal),
            MostCommon(pair.Value.Prices, Comparer<long>.Default),
            pair.Value.Units)),
    ];

    private static void Count<T>(Dictionary<T, int> counts, T value) where T : notnull =>
        counts[value] = counts.GetValueOrDefault(value) + 1;

    // Ties go to the smaller, so that every run sends the same.
    private static T MostCommon<T>(Dictionary<T, int> counts, IComparer<T> order) where T : notnull =>
        counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, order).First().Key;

    private static string Printable(string text)
    {
        var clean = string.Concat(text.Where(c => !char.IsControl(c) && c != '\uFFFD'));
        return clean.Length <= MaxNameLength ? clean : clean[..MaxNameLength];
    }

    private sealed class Tally
    {
        public Dictionary<string, int> Names { get; } = new(StringComparer.Ordinal);

        public Dictionary<long, int> Prices { get; } = [];

        public long Units { get; set; }

        public bool IsNeeded { get; set; }
    }
}
