using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Simulation.Checkers;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>The people who are asked: they let parked orders go on, and lift holds that nobody else lifts.</summary>
internal sealed class OperatorDesk(World world, Dice dice, JournalChecker journal)
{
    private const long EveryUs = 1_500_000;
    private int _letters;
    private int _open;

    public bool IsDone => _open == 0;

    public void Start() => world.Schedule.After(EveryUs, () =>
    {
        Visit();
        Start();
    });

    private void Visit()
    {
        if (world.IsHealed)
            Probe();
        foreach (var (id, checkedOrder) in journal.Orders)
        {
            var order = checkedOrder.Order;
            if (order.Parked is not null)
                Tell(id, new OrderCommand.Resume("looked at"));
            // What holds stock runs out by itself, and so does a hold that says when: nobody may help those.
            if (order.Status != OrderStatus.Pending || order.StockParts.Length > 0)
                continue;
            foreach (var hold in order.Holds)
            {
                if (hold.ExpiresAtUnixMs is null && world.IsHealed)
                    Tell(id, new OrderCommand.ReleaseHold(hold.Id));
            }
        }
    }

    // Somebody looks at every partition now and then: one that two nodes believe to own is found out.
    private void Probe()
    {
        for (var partition = 0; partition < world.Map.Count; partition++)
        {
            _open++;
            ClientCall.Start(world, dice, partition, static () => new PartitionRequest.ReadItem(World.Stranger, "probe"), _ => _open--);
        }
    }

    private void Tell(OrderId id, OrderCommand command)
    {
        _open++;
        world.Coverage.Count(command);
        var key = new ChangeKey(NameHash.ChangeKey(World.Stranger, "operator", $"{++_letters}"), 1);
        ClientCall.Start(world, dice, id.Partition, () => new PartitionRequest.ChangeOrder(id, null, command, World.Person, key, null), _ => _open--);
    }
}
