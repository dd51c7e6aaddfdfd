using CsCheck;
using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Domain.Identity;

public sealed class OrderIdTests
{
    private static readonly Gen<OrderId> AnyId = Gen.Select(
        Gen.Long[0, (1L << 48) - 1], Gen.Int[0, OrderId.MaxPartitions - 1], Gen.ULong, OrderId.Create);

    [Fact]
    public void An_id_is_a_valid_UUIDv7_that_carries_its_time_and_partition() =>
        Gen.Select(Gen.Long[0, (1L << 48) - 1], Gen.Int[0, OrderId.MaxPartitions - 1], Gen.ULong).Sample((ms, partition, random) =>
        {
            var id = OrderId.Create(ms, partition, random);
            var bytes = new byte[OrderId.ByteLength];
            id.WriteTo(bytes);
            var uuid = new Guid(bytes, bigEndian: true);

            Assert.Equal(7, uuid.Version);
            Assert.InRange(uuid.Variant, 0x8, 0xB);
            Assert.Equal((ms, partition), (id.CreatedAtUnixMs, id.Partition));
        });

    [Fact]
    public void An_id_survives_text_and_bytes() => AnyId.Sample(id =>
    {
        var bytes = new byte[OrderId.ByteLength];
        id.WriteTo(bytes);

        Assert.True(OrderId.TryRead(bytes, out var fromBytes));
        Assert.True(OrderId.TryParse(id.ToString(), out var fromText));
        Assert.Equal((id, id), (fromBytes, fromText));
        Assert.Equal(4 + 26, id.ToString().Length);
    });

    [Fact]
    public void An_id_has_one_spelling() => Gen.Select(AnyId, Gen.Int[0, 29], Gen.Char).Sample((id, at, c) =>
    {
        var text = id.ToString().ToCharArray();
        text[at] = c;
        // Whatever parses is spelled exactly as it would be written.
        Assert.True(!OrderId.TryParse(new string(text), out var parsed) || parsed.ToString() == new string(text));
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ord_")]
    [InlineData("ORD_01HF7YAT00E000G00000000001")]
    [InlineData("ord_01hf7yat00e000g00000000001")]
    [InlineData("ord_8ZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    [InlineData("ord_01HF7YAT00E000G0000000000")]
    [InlineData("ord_01HF7YAT00E000G000000000011")]
    [InlineData("ord_00000000000000000000000000")]
    [InlineData(" ord_01HF7YAT00E000G00000000001")]
    public void What_is_not_an_id_is_refused(string? text) => Assert.False(OrderId.TryParse(text, out _));

    [Fact]
    public void Bytes_of_another_length_or_version_are_refused()
    {
        var bytes = new byte[OrderId.ByteLength];
        Assert.False(OrderId.TryRead(bytes, out _));
        Assert.False(OrderId.TryRead(bytes.AsSpan(1), out _));
        Guid.NewGuid().TryWriteBytes(bytes, bigEndian: true, out _);
        Assert.False(OrderId.TryRead(bytes, out _));
    }

    [Fact]
    public void Ids_of_one_partition_sort_by_time() => Gen.Select(Gen.Long[0, 1 << 20], Gen.Long[0, 1 << 20], Gen.ULong, Gen.ULong)
        .Sample((a, b, r1, r2) => a == b || a < b == OrderId.Create(a, 5, r1) < OrderId.Create(b, 5, r2));
}
