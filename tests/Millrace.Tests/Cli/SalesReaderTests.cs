using System.IO.Compression;
using System.Text;
using Millrace.Cli.Replay;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class SalesReaderTests
{
    private const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    private const string Line = "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n";

    [Fact]
    public void A_quoted_field_may_hold_commas_quotes_and_line_breaks_and_lines_keep_their_numbers()
    {
        var lines = Read(Header + "1,A,\"RED, \"\"BIG\"\"\nBOX\",6,2010-12-01 08:26:00,2.55,17850.0,Eire\n" + Line + "\n" + Line);
        Assert.Equal("RED, \"BIG\"\nBOX", lines[0].Description);
        Assert.Equal("Eire", lines[0].Country);
        Assert.Equal([2, 4, 6], lines.Select(line => line.Number));
    }

    [Fact]
    public void A_lone_quote_inside_a_field_is_what_it_looks_like() =>
        Assert.Equal("12\" RULER", Read(Header + Line.Replace("WHITE HEART", "12\" RULER", StringComparison.Ordinal)).Single().Description);

    [Fact]
    public void Columns_are_found_by_name_and_missing_cells_are_empty()
    {
        var line = Read("Country,Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID\nFrance,7,A\n").Single();
        Assert.Equal(("France", "7", "A", "", ""), (line.Country, line.Invoice, line.Sku, line.Quantity, line.Customer));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("InvoiceNo,Quantity\n1,2\n", "StockCode")]
    public void A_file_without_the_columns_is_refused_by_name(string text, string word) =>
        Assert.Contains(word, Assert.Throws<InvalidDataException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_quote_that_is_never_closed_is_refused_with_its_place()
    {
        var text = new StringBuilder(Header).Append("1,A,\"OPEN,6,2010-12-01 08:26:00,2.55,1,Eire\n");
        while (text.Length < 1 << 18)
            text.Append(Line);
        Assert.Contains("quote is not closed", Assert.Throws<InvalidDataException>(() => Read(text.ToString())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_gzip_and_standard_input_read_the_same_twice()
    {
        var bytes = Encoding.UTF8.GetBytes(Header + Line);
        var folder = Directory.CreateTempSubdirectory("millrace-test-");
        try
        {
            var (plain, zipped) = (Path.Combine(folder.FullName, "a.csv"), Path.Combine(folder.FullName, "b"));
            await File.WriteAllBytesAsync(plain, bytes);
            await using (var gzip = new GZipStream(File.Create(zipped), CompressionLevel.Fastest))
                await gzip.WriteAsync(bytes);
            foreach (var name in (string[])[plain, zipped, "-"])
            {
                using var file = await SalesFile.OpenAsync(name, () => new MemoryStream(bytes), CancellationToken.None);
                for (var pass = 0; pass < 2; pass++)
                {
                    using var text = file.Read();
                    Assert.Equal("85123A", SalesReader.Read(text).Single().Sku);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xC2, 0xA3, 0x31 }, "£1")]
    [InlineData(new byte[] { 0xA3, 0x31 }, "£1")]
    [InlineData(new byte[] { 0xE9, 0x74, 0xE9 }, "été")]
    [InlineData(new byte[] { 0xE2, 0x82 }, "â\u0082")]
    public void Bytes_that_are_not_UTF8_are_read_as_Latin_1(byte[] bytes, string expected)
    {
        using var reader = new StreamReader(new MemoryStream(bytes), LatinFallback.Encoding);
        Assert.Equal(expected, reader.ReadToEnd());
    }

    private static List<RawLine> Read(string text) => [.. SalesReader.Read(new StringReader(text))];
}
