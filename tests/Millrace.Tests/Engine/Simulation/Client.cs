using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Simulation;

/// <summary>A merchant's program with one order: it repeats every request with the same key until it is answered, as the manual says.</summary>
internal sealed class Client(PartitionHarness shop, Random random, OrderPlacement placement)
{
    private const long PatienceMs = 3_000;
    private const int MostRefusals = 20;
    private readonly OrderCommand[] _wishes = Wishes(random, shop);
    private RecordingSink? _waiting;
    private long _sentAtMs;
    private int _next;
    private int _refusals;
    private bool _isPlaced;

    public OrderPlacement Placement => placement;

    public OrderId Id { get; private set; }

    public bool IsDone => _isPlaced && _next == _wishes.Length;

    public void Start() => Send();

    public void Go()
    {
        if (IsDone)
            return;
        if (_waiting!.Reply is { Status: not ReplyStatus.Unavailable } reply)
            Take(reply);
        else if (_waiting.Reply is null && shop.NowMs - _sentAtMs < PatienceMs)
            return;
        if (!IsDone)
            Send();
    }

    private void Take(PartitionReply reply)
    {
        if (!_isPlaced)
        {
            // An acknowledged order is this order from now on: whatever happens, every repeat shows the same one.
            Assert.True(reply.Status is ReplyStatus.Accepted or ReplyStatus.Replayed, $"{reply.Status} {reply.Code}");
            Id = reply.Order!.Id;
            _isPlaced = true;
            return;
        }

        Assert.Equal(Id, reply.Order!.Id);
        var isTooEarly = reply.Code is "not_shippable" or "payment_in_flight" or "refund_too_large" or "not_deliverable";
        if (isTooEarly && ++_refusals < MostRefusals)
            return;
        _next++;
        _refusals = 0;
    }

    private void Send()
    {
        _sentAtMs = shop.NowMs;
        _waiting = _isPlaced
            ? shop.Change(Id, _wishes[_next], Given.Key($"{Id}/{_next}"), Given.Acme)
            : shop.Place(placement);
    }

    private static OrderCommand[] Wishes(Random random, PartitionHarness shop) => random.Next(7) switch
    {
        0 => [new OrderCommand.Cancel("changed my mind")],
        1 => [new OrderCommand.Ship("dhl", "t1")],
        2 => [new OrderCommand.Ship("dhl", "t1"), new OrderCommand.Deliver()],
        3 => [new OrderCommand.Ship("dhl", "t1"), new OrderCommand.Refund(null, "broken"), new OrderCommand.Deliver()],
        4 => [new OrderCommand.PlaceHold("h", "fraud", null, null), new OrderCommand.ReleaseHold("h")],
        5 => [new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + random.Next(5_000))],
        _ => [],
    };
}
