namespace Millrace.Cli.Replay;

/// <summary>A line of the file as it stands there, before anything is understood.</summary>
/// <param name="Number">Line of the file, from 1; where it begins, if a quoted field spans several.</param>
internal readonly record struct RawLine(
    int Number, string Invoice, string Sku, string Description, string Quantity, string Date, string Price, string Customer, string Country);
