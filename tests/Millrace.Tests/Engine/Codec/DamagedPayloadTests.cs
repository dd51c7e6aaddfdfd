using CsCheck;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Xunit;

namespace Millrace.Tests.Engine.Codec;

/// <summary>Damaged bytes decode to something or are refused with the one exception that halts a partition in good order.</summary>
public sealed class DamagedPayloadTests
{
    [Fact]
    public void A_payload_cut_anywhere_is_refused_or_ends_between_records() => Assert.All(Cases.Payloads, payload =>
    {
        var whole = RecordCodec.Read(payload.Bytes).Count;
        for (var length = 0; length < payload.Bytes.Length; length++)
            Assert.True(Decode(payload.Bytes[..length]) is not { } count || count < whole);
    });

    [Fact]
    public void A_payload_with_any_flipped_bit_is_refused_or_decodes() => Assert.All(Cases.Payloads, payload =>
    {
        for (var bit = 0; bit < payload.Bytes.Length * 8; bit++)
        {
            var bytes = payload.Bytes.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Decode(bytes);
        }
    });

    [Fact]
    public void Any_bytes_are_refused_or_decode() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        Decode([(byte)PayloadFormat.Newest, .. bytes]);
        Refusing(() => OrderDocument.Read(bytes).Count());
        Refusing(() =>
        {
            var reader = new PayloadReader(bytes);
            MessageCodec.Read(ref reader);
            return 0;
        });
        Refusing(() =>
        {
            var reader = new PayloadReader(bytes);
            new Channels(64).Read(ref reader);
            return 0;
        });
    }, iter: 20_000);

    [Fact]
    public void A_count_never_asks_for_more_memory_than_there_are_bytes()
    {
        byte[] huge = [(byte)PayloadFormat.Newest, 1, .. new byte[16], 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x07];
        huge[8] = 0x70;
        huge[10] = 0x80;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<PayloadException>(() => RecordCodec.Read(huge));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PayloadFormat.Newest + 1)]
    [InlineData(255)]
    public void A_version_of_the_future_is_refused(byte version) => Assert.Throws<PayloadException>(() => RecordCodec.Read(new byte[] { version }));

    [Fact]
    public void Damaged_channels_of_a_checkpoint_are_refused()
    {
        var channels = new Channels(64);
        channels.Send(1, Cases.Messages[0]);
        channels.Send(2, Cases.Messages[6]);
        channels.Received(3, 9);
        channels.Received(4, 9);
        var state = Cases.Written(channels.Write);
        for (var bit = 0; bit < state.Length * 8; bit++)
        {
            var bytes = state.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Refusing(() =>
            {
                var reader = new PayloadReader(bytes);
                new Channels(64).Read(ref reader);
                return 0;
            });
        }
    }

    private static int? Decode(byte[] bytes) => Refusing(() => RecordCodec.Read(bytes).Count);

    private static int? Refusing(Func<int> read)
    {
        try
        {
            return read();
        }
        catch (PayloadException)
        {
            return null;
        }
    }
}
