using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Simulation.Checkers;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>The people who are asked: they let parked orders go on or give up on them, and lift holds that nobody else lifts.</summary>
internal sealed class OperatorDesk(World world, Dice dice, JournalChecker journal)
{
    private const long EveryUs = 1_500_000;
    private readonly HashSet<OrderId> _asked = [];
    private int _letters;
    private int _probes;

    public bool IsDone => _asked.Count == 0 && _probes == 0;

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
                Tell(id, order.Closing is null && dice.Below(3) == 0 ? new OrderCommand.Cancel("gave up on it") : new OrderCommand.Resume("looked at"));
            // What holds stock runs out by itself, and so does a hold that says when: nobody may help those.
            if (order.Status != OrderStatus.Pending || OrderSaga.ReservationDeadline(order) is not null)
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
            _probes++;
            ClientCall.Start(world, dice, partition, static () => new PartitionRequest.ReadItem(World.Stranger, "probe"), _ => _probes--);
        }
    }

    private void Tell(OrderId id, OrderCommand command)
    {
        if (!_asked.Add(id))
            return;
        world.Coverage.Count(command);
        var key = new ChangeKey(NameHash.ChangeKey(World.Stranger, "operator", $"{++_letters}"), 1);
        ClientCall.Start(world, dice, id.Partition, () => new PartitionRequest.ChangeOrder(id, null, command, World.Person, key, null), _ => _asked.Remove(id));
    }
}
