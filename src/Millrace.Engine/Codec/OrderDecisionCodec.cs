using Millrace.Domain.Orders;

namespace Millrace.Engine.Codec;

/// <summary>The events of one command, with what is true of all of them.</summary>
public readonly record struct RecordedDecision(EventContext Context, OrderEvent[] Facts);

internal static class OrderDecisionCodec
{
    private const byte HasActor = 1;
    private const byte HasKey = 2;

    public static void Write(PayloadWriter writer, EventContext context, List<OrderEvent> facts)
    {
        var hasActor = context.Actor.Kind != ActorKind.System || context.Actor.Name is not null;
        writer.Byte((byte)((hasActor ? HasActor : 0) | (context.Key is null ? 0 : HasKey)));
        writer.Signed(context.AtUnixMs);
        if (hasActor)
        {
            writer.Byte((byte)context.Actor.Kind);
            writer.OptionalText(context.Actor.Name);
        }

        if (context.Key is { } key)
        {
            writer.Hash(key.KeyHash);
            writer.Hash(key.PayloadHash);
        }

        writer.Int(facts.Count);
        foreach (var fact in facts)
            OrderEventCodec.Write(writer, fact);
    }

    public static RecordedDecision Read(ReadOnlySpan<byte> source, out int length)
    {
        var reader = new PayloadReader(source);
        var flags = reader.Byte();
        if (flags > (HasActor | HasKey))
            throw new PayloadException($"decision flags {flags} are unknown");
        var at = reader.Signed();
        var actor = Actor.System;
        if ((flags & HasActor) != 0)
            actor = new Actor((ActorKind)reader.Byte(), reader.OptionalText());
        ChangeKey? key = (flags & HasKey) != 0 ? new ChangeKey(reader.Hash(), reader.Hash()) : null;
        var facts = new OrderEvent[reader.Count()];
        for (var i = 0; i < facts.Length; i++)
            facts[i] = OrderEventCodec.Read(ref reader);
        length = reader.Position;
        return new RecordedDecision(new EventContext(at, actor, key), facts);
    }
}
