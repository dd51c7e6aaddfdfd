using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>A merchant's stock keeping: fills the shelves, counts, loses and mistypes.</summary>
internal sealed class StockClerk(World world, Dice dice, TenantId tenant, string[] skus)
{
    private static readonly string[] Locations = ["main", "north", "harbor"];
    private int _adjustments;
    private int _open;

    public bool IsDone => _open == 0;

    public void Start()
    {
        foreach (var sku in skus)
        {
            var limit = dice.Below(3) == 0 ? dice.Below(20) : 0;
            Send(new StockCommand.DefineItem(tenant, sku, sku, 1_000, "EUR", limit), sku, key: null, _ =>
            {
                foreach (var location in Locations)
                {
                    if (dice.Below(3) > 0)
                        Adjust(sku, location, dice.Below(4) == 0 ? dice.Between(1, 10) : dice.Between(20, 200));
                }
            });
        }

        Later(12);
    }

    // Some of it makes no sense, and must be refused.
    private void Later(int count)
    {
        if (count == 0)
            return;
        _open++;
        world.Schedule.After(dice.Between(50_000, 400_000), () =>
        {
            _open--;
            var sku = dice.Pick(skus);
            switch (dice.Below(8))
            {
                case 0: Adjust("nothing", "main", 5); break;
                case 1: Adjust(sku, "main", -dice.Between(50, 500)); break;
                case 2: Adjust(sku, "main", 2_000_000_000_000); break;
                case 3: Send(new StockCommand.DefineItem(tenant, sku, sku, 1_100, "EUR", dice.Below(20)), sku, null, static _ => { }); break;
                case 4: Send(new StockCommand.DefineItem(tenant, sku, sku, 1_100, "EUR", -1), sku, null, static _ => { }); break;
                case 5: Read(sku); break;
                case 6 when dice.Below(400) == 0: FillTooManyShelves(sku); break;
                default: Adjust(sku, dice.Pick(Locations), dice.Between(-3, 30)); break;
            }

            Later(count - 1);
        });
    }

    private void FillTooManyShelves(string sku)
    {
        for (var shelf = 0; shelf <= StockItem.MaxLocations; shelf++)
            Adjust(sku, $"shelf {shelf}", 1);
    }

    private void Adjust(string sku, string location, long delta)
    {
        var key = NameHash.ChangeKey(tenant, "stock", $"{++_adjustments}");
        var adjust = new StockCommand.Adjust(tenant, sku, location, delta, "count", key);
        var isTriedAgain = _adjustments % 4 == 0;
        Send(adjust, sku, key, first =>
        {
            if (isTriedAgain && first.Status is ReplyStatus.Accepted or ReplyStatus.Replayed)
                Send(adjust with { Delta = delta + 1 }, sku, key, reused => Expect(reused, ReplyStatus.KeyReused, sku));
        });
    }

    private void Expect(PartitionReply reply, ReplyStatus status, string sku)
    {
        if (reply.Status != status)
            world.Report.Add(2, sku, $"another adjustment under a used key was answered {reply.Status}");
    }

    private void Send(StockCommand command, string sku, UInt128? key, Action<PartitionReply> done)
    {
        _open++;
        world.Coverage.Count(command);
        ClientCall.Start(world, dice, world.Map.OwnerOfSku(tenant, sku), () => new PartitionRequest.ChangeStock(command, sku, key), reply =>
        {
            _open--;
            done(reply);
        });
    }

    private void Read(string sku)
    {
        _open++;
        ClientCall.Start(world, dice, world.Map.OwnerOfSku(tenant, sku), () => new PartitionRequest.ReadItem(tenant, sku), _ => _open--);
    }
}
