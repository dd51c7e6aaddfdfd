using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Codec;

/// <summary>Replies to <see cref="RequestCodec"/>'s requests. An order travels as its history, and is folded where it arrives.</summary>
public static class ReplyCodec
{
    private const byte HasOrder = 1;
    private const byte HasItem = 2;
    private const byte HasCode = 4;

    public static void Write(PayloadWriter w, PartitionReply reply)
    {
        w.Byte((byte)reply.Status);
        w.Byte((byte)((reply.Order is null ? 0 : HasOrder) | (reply.Item is null ? 0 : HasItem) | (reply.Code is null && reply.Detail is null ? 0 : HasCode)));
        if (reply.Order is { } order)
        {
            w.Id(order.Id);
            w.Int(order.Version);
            w.Int(reply.Document.Length);
            w.Bytes(reply.Document.Span);
        }

        if (reply.Item is { } item)
        {
            w.Text(item.Tenant.Value);
            w.Text(item.Sku);
            var body = new PayloadWriter();
            StockEventCodec.WriteItem(body, item);
            w.Int(body.Length);
            w.Bytes(body.Written);
        }

        if (reply.Code is not null || reply.Detail is not null)
        {
            w.OptionalText(reply.Code);
            w.OptionalText(reply.Detail);
        }
    }

    public static PartitionReply Read(ref PayloadReader r)
    {
        var (status, flags) = ((ReplyStatus)r.Byte(), r.Byte());
        if (!Enum.IsDefined(status) || flags > (HasOrder | HasItem | HasCode))
            throw new PayloadException($"reply {status} with flags {flags} is unknown");
        Order? order = null;
        ReadOnlyMemory<byte> document = default;
        if ((flags & HasOrder) != 0)
        {
            var (id, version) = (r.Id(), r.Int());
            document = r.Bytes().ToArray();
            order = OrderDocument.Fold(id, document, version);
        }

        StockItem? item = null;
        if ((flags & HasItem) != 0)
            item = StockEventCodec.ReadItem(r.Tenant(), r.Code(), r.Bytes());
        return (flags & HasCode) != 0
            ? new PartitionReply(status, order, document, item, r.OptionalText(), r.OptionalText())
            : new PartitionReply(status, order, document, item);
    }
}
