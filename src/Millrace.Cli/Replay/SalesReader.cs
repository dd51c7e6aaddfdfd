using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Millrace.Cli.Replay;

/// <summary>Reads the lines of a sales file (RFC 4180), its columns found by name.</summary>
internal static class SalesReader
{
    // A quote that is never closed would make one field of the rest of the file.
    private const int MaxFieldLength = 1 << 16;

    // The second names are those of "Online Retail II", the same retailer's later file.
    private static readonly string[][] Columns =
    [
        ["InvoiceNo", "Invoice"], ["StockCode"], ["Description"], ["Quantity"], ["InvoiceDate"], ["UnitPrice", "Price"],
        ["CustomerID", "Customer ID"], ["Country"],
    ];

    private static readonly CsvConfiguration Rfc4180 = new(CultureInfo.InvariantCulture)
    {
        // A lone quote within a field, as in 12" RULER, is what it looks like.
        BadDataFound = null,
        MaxFieldSize = MaxFieldLength,
        IgnoreBlankLines = true,
    };

    /// <exception cref="InvalidDataException">There is no header with the columns, or a quote is never closed.</exception>
    public static IEnumerable<RawLine> Read(TextReader text)
    {
        using var parser = new CsvParser(text, Rfc4180, leaveOpen: true);
        if (!Next(parser))
            throw new InvalidDataException("The file is empty: a header line is expected.");
        var at = Array.ConvertAll(Columns, names => Find(parser, names));
        while (Next(parser))
        {
            yield return new RawLine(parser.RawRow - LineBreaks(parser), Cell(parser, at[0]), Cell(parser, at[1]),
                Cell(parser, at[2]), Cell(parser, at[3]), Cell(parser, at[4]), Cell(parser, at[5]), Cell(parser, at[6]), Cell(parser, at[7]));
        }
    }

    // RawRow is the last line of a record; those before it are inside of quotes.
    private static int LineBreaks(CsvParser parser) => parser.RawRecord.AsSpan().TrimEnd("\r\n").Count('\n');

    private static bool Next(CsvParser parser)
    {
        try
        {
            return parser.Read();
        }
        catch (MaxFieldSizeException e)
        {
            throw new InvalidDataException($"A field near line {parser.RawRow} is longer than {MaxFieldLength} characters: a quote is not closed.", e);
        }
    }

    private static int Find(CsvParser parser, string[] names)
    {
        for (var i = 0; i < parser.Count; i++)
        {
            if (names.Contains(parser[i].Trim(), StringComparer.OrdinalIgnoreCase))
                return i;
        }

        throw new InvalidDataException($"The header has no column {names[0]}.");
    }

    // A line that is too short has empty cells: the rules then say what is missing.
    private static string Cell(CsvParser parser, int column) => column < parser.Count ? parser[column].Trim() : "";
}
