using System.Reflection;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Codec;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(typeof(OrderEvent))]
    [InlineData(typeof(StockEvent))]
    [InlineData(typeof(PartitionMessage))]
    [InlineData(typeof(JournalRecord))]
    public void Every_stored_case_has_a_sample(Type hierarchy)
    {
        var samples = Cases.OrderEvents.Cast<object>().Concat(Cases.StockEvents).Concat(Cases.Messages)
            .Concat(Cases.Payloads.SelectMany(p => RecordCodec.Read(p.Bytes))).Select(s => s.GetType()).ToHashSet();
        var cases = hierarchy.GetNestedTypes(BindingFlags.Public).Where(t => t.IsSubclassOf(hierarchy));
        Assert.NotEmpty(cases);
        Assert.All(cases, c => Assert.Contains(c, samples));
    }

    [Fact]
    public void Every_order_event_reads_back_as_written() => Assert.All(Cases.OrderEvents, fact =>
    {
        var bytes = Cases.Written(w => OrderEventCodec.Write(w, fact));
        var reader = new PayloadReader(bytes);
        Assert.Equal(Describe.Text(fact), Describe.Text(OrderEventCodec.Read(ref reader)));
        Assert.True(reader.IsAtEnd);
    });

    [Fact]
    public void Every_stock_event_reads_back_as_written() => Assert.All(Cases.StockEvents, fact =>
    {
        var bytes = Cases.Written(w => StockEventCodec.Write(w, fact));
        var reader = new PayloadReader(bytes);
        Assert.Equal(Describe.Text(fact), Describe.Text(StockEventCodec.Read(ref reader)));
        Assert.True(reader.IsAtEnd);
    });

    [Fact]
    public void Every_message_reads_back_as_written() => Assert.All(Cases.Messages, message =>
    {
        var bytes = Cases.Written(w => MessageCodec.Write(w, message));
        var reader = new PayloadReader(bytes);
        Assert.Equal(Describe.Text(message), Describe.Text(MessageCodec.Read(ref reader)));
        Assert.True(reader.IsAtEnd);
    });

    [Fact]
    public void Every_event_has_a_name_of_its_own()
    {
        var names = Cases.OrderEvents.DistinctBy(e => e.GetType()).Select(EventNames.Of)
            .Concat(Cases.StockEvents.DistinctBy(e => e.GetType()).Select(EventNames.Of)).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, n => Assert.Matches(@"^(order|stock)\.[a-z_]+\.v[0-9]+$", n));
        Assert.Contains("order.stock_move_requested.v1", names);
    }

    [Fact]
    public void An_item_reads_back_as_written()
    {
        var item = new StockItem(Domain.Given.Acme, "tea", "Tea", 1_000, "EUR", 5, [new StockLevel("main", -1, 2, 3), new StockLevel("east", long.MaxValue, 0, 0)], 7);
        Assert.Equal(Describe.Text(item), Describe.Text(StockEventCodec.ReadItem(item.Tenant, item.Sku, Cases.Written(w => StockEventCodec.WriteItem(w, item)))));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(long.MaxValue)]
    public void Numbers_of_every_size_read_back(long value)
    {
        var bytes = Cases.Written(w =>
        {
            w.Signed(value);
            w.Unsigned((ulong)value);
            w.OptionalSigned(value);
        });
        var reader = new PayloadReader(bytes);
        Assert.Equal((value, (ulong)value, (long?)value), (reader.Signed(), reader.Unsigned(), reader.OptionalSigned()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    [InlineData(42)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(20_000)]
    public void Texts_of_every_length_read_back(int length)
    {
        foreach (var text in new[] { new string('a', length), new string('ü', length), string.Concat(Enumerable.Repeat("🍵", length)) })
        {
            var bytes = Cases.Written(w => w.Text(text));
            Assert.Equal(text, new PayloadReader(bytes).Text());
        }
    }
}
