using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>One request of a client, repeated with the same key until somebody answers it, as the manual says.</summary>
internal sealed class ClientCall
{
    private readonly World _world;
    private readonly Dice _dice;
    private readonly int _partition;
    private readonly Func<PartitionRequest> _make;
    private readonly Action<PartitionReply> _answered;
    private int _attempt;
    private bool _isAnswered;

    private ClientCall(World world, Dice dice, int partition, Func<PartitionRequest> make, Action<PartitionReply> answered) =>
        (_world, _dice, _partition, _make, _answered) = (world, dice, partition, make, answered);

    /// <param name="make">The request of each attempt: the same key, and for a placement another id.</param>
    /// <param name="answered">Called once, with anything but "unavailable".</param>
    public static void Start(World world, Dice dice, int partition, Func<PartitionRequest> make, Action<PartitionReply> answered) =>
        new ClientCall(world, dice, partition, make, answered).Send();

    private void Send()
    {
        var attempt = ++_attempt;
        Submit(attempt);
        // A buyer who clicks twice.
        if (_world.Happens(FaultKind.RepeatedMessage, 0.02))
            Submit(attempt);
        _world.Schedule.After(_dice.Between(1_000_000, 3_000_000), () =>
        {
            if (!_isAnswered && attempt == _attempt)
                Send();
        });
    }

    private void Submit(int attempt)
    {
        if (_world.Happens(FaultKind.LostRequest, 0.03))
            return;
        var node = _world.Cluster.RouteTo(_partition);
        var request = _make();
        _world.Coverage.Count(request);
        _world.Schedule.After(_world.Network.Latency(), node, () => node.Handle(_partition, request, new Sink(this, attempt)));
    }

    private void Take(int attempt, PartitionReply reply)
    {
        if (_isAnswered)
            return;
        if (reply.Status != ReplyStatus.Unavailable)
        {
            _isAnswered = true;
            _answered(reply);
        }
        else if (attempt == _attempt)
        {
            // No second attempt for this one's time-out.
            var next = ++_attempt;
            _world.Schedule.After(_dice.Between(50_000, 500_000), () =>
            {
                if (!_isAnswered && next == _attempt)
                    Send();
            });
        }
    }

    private sealed class Sink(ClientCall call, int attempt) : ReplySink
    {
        private bool _isComplete;

        public override void Complete(PartitionReply reply)
        {
            var world = call._world;
            if (_isComplete)
                world.Report.Add(18, $"partition {call._partition}", $"answered one request twice, at last with {reply.Status}");
            _isComplete = true;
            world.CheckAnswer(reply);
            if (!world.Happens(FaultKind.LostRequest, 0.03))
                world.Schedule.After(world.Network.Latency(), () => call.Take(attempt, reply));
        }
    }
}
