using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Nodes;

/// <summary>Between nodes: late, twice, in any order, or not at all. What travels is bytes.</summary>
internal sealed class Network(World world, Dice dice)
{
    private readonly PayloadWriter _writer = new(1024);
    private readonly int _latencyUs = dice.Between(100, 3_000);

    public void Send(int source, int target, long firstSeq, List<PartitionMessage> messages)
    {
        _writer.Clear();
        foreach (var message in messages)
            MessageCodec.Write(_writer, message);
        var (bytes, count) = (_writer.ToArray(), messages.Count);
        Post(target, node => node.Deliver(source, target, firstSeq, Read(bytes, count)));
    }

    public void Acknowledge(int from, int source, long seq) => Post(source, node => node.Acknowledged(from, source, seq));

    public long Latency() => world.Happens(FaultKind.ReorderedMessage, 0.2) ? dice.Between(0, 100_000) : dice.Between(_latencyUs / 2, _latencyUs);

    private void Post(int partition, Action<SimulatedNode> arrive)
    {
        if (world.Happens(FaultKind.LostMessage, 0.03))
            return;
        var node = world.Cluster.OwnerOf(partition);
        world.Schedule.After(Latency(), node, () => arrive(node));
        if (world.Happens(FaultKind.RepeatedMessage, 0.05))
            world.Schedule.After(Latency(), node, () => arrive(node));
    }

    private PartitionMessage[] Read(byte[] bytes, int count)
    {
        var reader = new PayloadReader(bytes);
        var messages = new PartitionMessage[count];
        for (var i = 0; i < count; i++)
        {
            messages[i] = MessageCodec.Read(ref reader);
            world.Coverage.Count(messages[i]);
        }

        return messages;
    }
}
