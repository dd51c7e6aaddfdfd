using System.Text;
using Millrace.Engine.Codec;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Codec;

public sealed class OrderDocumentTests
{
    // A list that looks for few orders passes over the others by it.
    [Fact]
    public void What_an_order_says_is_found_in_its_document_without_reading_it()
    {
        var longText = new string('ä', 64);
        var shop = new PartitionHarness().WithItem("tea").WithItem("Grün/7 ✓").WithItem(longText);
        var id = shop.Placed(Given.Placement(Given.Line("tea"), Given.Line("Grün/7 ✓"), Given.Line(longText)) with { ExternalId = "W-1" });
        var document = shop.Read(id).Document;
        foreach (var text in new[] { "tea", "Grün/7 ✓", longText, "W-1" })
            Assert.True(MayHold(text), text);
        foreach (var text in new[] { "teb", "Grün/8 ✓", "W-2", longText + "ä" })
            Assert.False(MayHold(text), text);

        bool MayHold(string text) => OrderDocument.MayHold(document.Span, Encoding.UTF8.GetBytes(text));
    }
}
