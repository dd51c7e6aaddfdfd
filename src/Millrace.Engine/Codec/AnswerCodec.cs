using System.Diagnostics;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Codec;

/// <summary>What other partitions tell an order, as bytes: in messages, and where an order keeps an answer for later.</summary>
internal static class AnswerCodec
{
    /// <summary>Unique among all messages; see <see cref="MessageCodec"/>.</summary>
    public static byte Tag(OrderCommand answer) => answer switch
    {
        OrderCommand.StockReserved => 3,
        OrderCommand.StockRefused => 4,
        OrderCommand.StockMoved => 5,
        OrderCommand.ExternalIdAnswered => 6,
        _ => throw new UnreachableException(),
    };

    public static void Write(PayloadWriter w, OrderCommand answer)
    {
        switch (answer)
        {
            case OrderCommand.StockReserved c: w.Int(c.Part); StockEventCodec.WriteTakes(w, c.Takes); break;
            case OrderCommand.StockRefused c: w.Int(c.Part); w.Text(c.Code); w.Text(c.Sku); break;
            case OrderCommand.StockMoved c: w.Int(c.Part); w.Byte((byte)c.Step); break;
            case OrderCommand.ExternalIdAnswered c: w.Bool(c.IsGranted); break;
            default: throw new UnreachableException();
        }
    }

    public static OrderCommand Read(byte tag, ref PayloadReader r) => tag switch
    {
        3 => new OrderCommand.StockReserved(r.Int(), StockEventCodec.ReadTakes(ref r)),
        4 => new OrderCommand.StockRefused(r.Int(), r.Code(), r.Code()),
        5 => new OrderCommand.StockMoved(r.Int(), StockEventCodec.ReadStep(ref r)),
        6 => new OrderCommand.ExternalIdAnswered(r.Bool()),
        _ => throw new PayloadException($"message {tag} is unknown"),
    };
}
