using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>A merchant's program with one order: places it, does a few things with it, and remembers what it was told.</summary>
internal sealed class Shopper
{
    private const long WaitMs = 5_000;
    private static readonly string[] TooEarly = ["not_shippable", "payment_in_flight", "refund_too_large", "not_deliverable"];
    private readonly World _world;
    private readonly Dice _dice;
    private readonly OrderPlacement _placement;
    private readonly Wish[] _wishes;
    private readonly int _partition;
    private int _next;
    private int _refusals;
    private int _seenVersion;

    public Shopper(World world, Dice dice, OrderPlacement placement, Wish[] wishes)
    {
        (_world, _dice, _placement, _wishes) = (world, dice, placement, wishes);
        _partition = world.Map.OwnerOfName(placement.KeyHash);
    }

    /// <summary>Empty until it is acknowledged.</summary>
    public OrderId Id { get; private set; }

    public bool IsDone { get; private set; }

    public OrderPlacement Placement => _placement;

    /// <summary>What it asked back at most, in minor units. A request that was refused is not remembered: an older copy of it that is
    /// still under way may be accepted later.</summary>
    public long RefundsMinor => _wishes.Sum(wish => wish is Wish.Change { Command: OrderCommand.Refund refund } ? refund.AmountMinor ?? _placement.TotalMinor : 0);

    public void Start() => Place(_placement, Placed);

    private void Place(OrderPlacement placement, Action<PartitionReply> answered) => ClientCall.Start(
        _world, _dice, _partition,
        () => new PartitionRequest.PlaceOrder(_world.NewOrderId(_partition), placement, World.Shop), answered);

    private void Placed(PartitionReply reply)
    {
        switch (reply.Status)
        {
            case ReplyStatus.Accepted or ReplyStatus.Replayed:
                Id = reply.Order!.Id;
                GoOn();
                break;
            case ReplyStatus.Rejected when !_world.IsSound(_placement):
                IsDone = true;
                break;
            default:
                _world.Report.Add(18, $"key of order {_placement.Buyer.CustomerId}", $"a sound order is answered {reply.Status} {reply.Code}");
                IsDone = true;
                break;
        }
    }

    private void GoOn()
    {
        if (_next == _wishes.Length)
            IsDone = true;
        else
            _world.Schedule.After(_dice.Between(1_000, 600_000), Ask);
    }

    private void Ask()
    {
        var wish = _wishes[_next];
        var seen = _seenVersion;
        switch (wish)
        {
            case Wish.Change w:
                _world.Coverage.Count(w.Command);
                var key = new ChangeKey(NameHash.ChangeKey(_placement.Tenant, "change", $"{Id}/{_next}"), 1);
                Call(() => new PartitionRequest.ChangeOrder(Id, _placement.Tenant, w.Command, World.Shop, key, w.ExpectedVersion), r => Changed(w, r, seen));
                break;
            case Wish.Read:
                Call(() => new PartitionRequest.ReadOrder(Id, _placement.Tenant), r => Read(r, seen));
                break;
            case Wish.AwaitSettled:
                Call(() => new PartitionRequest.AwaitSettled(Id, _placement.Tenant, _world.TrueMs + WaitMs), r => Read(r, seen: 0));
                break;
            case Wish.ReadAsStranger:
                Call(() => new PartitionRequest.ReadOrder(Id, World.Stranger), r => Expect(r, ReplyStatus.NotFound));
                break;
            case Wish.PlaceAgain:
                Place(_placement, r =>
                {
                    if (r.Order?.Id != Id)
                        _world.Report.Add(2, Id.ToString(), $"its key was answered {r.Status} with {r.Order?.Id}");
                    Next();
                });
                break;
            case Wish.ReuseKey:
                Place(_placement with { PayloadHash = _placement.PayloadHash + 1 }, r => Expect(r, ReplyStatus.KeyReused));
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Call(Func<PartitionRequest> make, Action<PartitionReply> answered) =>
        ClientCall.Start(_world, _dice, _partition, make, answered);

    private void Expect(PartitionReply reply, ReplyStatus status)
    {
        if (reply.Status != status)
            _world.Report.Add(18, Id.ToString(), $"answered {reply.Status} where only {status} is true");
        Next();
    }

    private void Read(PartitionReply reply, int seen)
    {
        See(reply, seen);
        Next();
    }

    private void Changed(Wish.Change wish, PartitionReply reply, int seen)
    {
        if (reply.Status == ReplyStatus.Replayed)
            seen = 0;
        See(reply, seen);
        if (reply.Status == ReplyStatus.Rejected && Array.IndexOf(TooEarly, reply.Code) >= 0 && ++_refusals < 4)
            _world.Schedule.After(_dice.Between(200_000, 1_500_000), Ask);
        else
            Next();
    }

    private void See(PartitionReply reply, int seen)
    {
        if (reply.Order is not { } order || order.Id != Id)
        {
            _world.Report.Add(1, Id.ToString(), $"was acknowledged, and is answered {reply.Status} {reply.Code}");
            return;
        }

        if (order.Version < seen)
            _world.Report.Add(13, Id.ToString(), $"was seen at version {seen}, and later at {order.Version}");
        _seenVersion = Math.Max(_seenVersion, order.Version);
    }

    private void Next()
    {
        _next++;
        _refusals = 0;
        GoOn();
    }
}
