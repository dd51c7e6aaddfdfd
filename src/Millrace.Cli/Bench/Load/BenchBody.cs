using System.Text;

namespace Millrace.Cli.Bench.Load;

/// <summary>What the bench orders: two lines of 10,000 SKUs, or one line of the same SKU in every order. The same bytes as place.lua makes.</summary>
internal static class BenchBody
{
    public const int Skus = 10_000;
    public const int Customers = 100_000;
    public const string Currency = "EUR";

    public static string Sku(int number) => $"sku-{number:D5}";

    public static byte[] Render(Random random, bool isHot)
    {
        var lines = isHot ? Line(1) : Line(random.Next(1, Skus + 1)) + "," + Line(random.Next(1, Skus + 1));
        return Encoding.ASCII.GetBytes(
            $$$"""{"customer":{"id":"c-{{{random.Next(1, Customers + 1)}}}"},"currency":"{{{Currency}}}","lines":[{{{lines}}}],"payment":{"token":"tok_bench"}}""");
    }

    private static string Line(int sku) => $$"""{"sku":"{{Sku(sku)}}","quantity":1}""";
}
