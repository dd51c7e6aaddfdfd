using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Nodes;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Clients;

/// <summary>One request of a client, repeated with the same key until somebody answers it, as the manual says.</summary>
internal sealed class ClientCall
{
    private const int FirstPauseUs = 300_000;
    private const int LongestPauseUs = 4_000_000;
    private readonly World _world;
    private readonly Dice _dice;
    private readonly int _partition;
    private readonly Func<PartitionRequest> _make;
    private readonly Action<PartitionReply> _answered;
    private int _pauseUs = FirstPauseUs;
    private readonly int _patienceUs;
    private long _sentAtUs;
    private bool _isPausing;
    private PartitionReply? _decided;

    private ClientCall(World world, Dice dice, int partition, Func<PartitionRequest> make, Action<PartitionReply> answered) =>
        (_world, _dice, _partition, _make, _answered, _patienceUs) = (world, dice, partition, make, answered, dice.Between(1_000_000, 3_000_000));

    /// <param name="make">The request of each attempt: the same key, and for a placement another id.</param>
    /// <param name="answered">Called once, with anything but "unavailable".</param>
    public static void Start(World world, Dice dice, int partition, Func<PartitionRequest> make, Action<PartitionReply> answered)
    {
        var call = new ClientCall(world, dice, partition, make, answered);
        call.Submit();
        // A buyer who clicks twice.
        if (world.Happens(FaultKind.RepeatedMessage, 0.05))
            call.Submit();
        world.Patience.Watch(call);
    }

    public bool IsAnswered { get; private set; }

    /// <summary>Nobody says that a request is lost: what is not answered for long is sent again.</summary>
    public void SendAgainWhenOverdue()
    {
        if (!_isPausing && _world.Schedule.NowUs - _sentAtUs > _patienceUs)
            Submit();
    }

    private void Submit()
    {
        _sentAtUs = _world.Schedule.NowUs;
        if (_world.Happens(FaultKind.LostRequest, 0.03))
            return;
        var node = _world.Cluster.RouteTo(_partition);
        var request = _make();
        _world.Coverage.Count(request);
        _world.Schedule.After(_world.Network.Latency(), node, () => node.Handle(_partition, request, _world.Asked(new Sink(this, node, request))));
    }

    // A repeat is told what the first was told, whether that answer arrived or not.
    private void Compare(PartitionReply reply)
    {
        if (reply.Status == ReplyStatus.Accepted)
            _decided ??= reply;
        else if (reply.Status == ReplyStatus.Replayed && _decided is { Order: { } first } && reply.Order is { } again
            && (first.Id, first.Version, first.Status, first.Payment.AuthorizedMinor, first.Payment.CapturedMinor, first.Payment.RefundedMinor, first.Holds.Length)
            != (again.Id, again.Version, again.Status, again.Payment.AuthorizedMinor, again.Payment.CapturedMinor, again.Payment.RefundedMinor, again.Holds.Length))
            _world.Report.Add(2, first.Id.ToString(), $"was answered at version {first.Version} as {first.Status}, and the repeat {again.Id} at version {again.Version} as {again.Status}");
    }

    private void Complete(PartitionReply reply)
    {
        if (_world.Happens(FaultKind.LostRequest, 0.03) || IsAnswered)
            return;
        if (reply.Status != ReplyStatus.Unavailable)
            _world.Schedule.After(_world.Network.Latency(), () => Take(reply));
        else if (!_isPausing)
            Pause();
    }

    private void Take(PartitionReply reply)
    {
        if (IsAnswered)
            return;
        IsAnswered = true;
        _answered(reply);
    }

    private void Pause()
    {
        _isPausing = true;
        _world.Schedule.After(_dice.Between(_pauseUs / 2, _pauseUs), GoOn);
        _pauseUs = Math.Min(_pauseUs * 2, LongestPauseUs);
    }

    private void GoOn()
    {
        _isPausing = false;
        if (!IsAnswered)
            Submit();
    }

    /// <summary>One request that a node has taken, and its answer.</summary>
    internal sealed class Sink(ClientCall call, SimulatedNode node, PartitionRequest request) : ReplySink
    {
        private readonly int _incarnation = node.Incarnation;
        private readonly long _takenAtUs = call._world.Schedule.NowUs;
        private bool _isComplete;

        /// <summary>The life that took it goes on, and has not answered yet.</summary>
        public bool IsOpen => !_isComplete && node.Incarnation == _incarnation;

        public int Partition => call._partition;

        public string Request => $"{request.GetType().Name} of {_takenAtUs / 1e6:F6} s to node {node.Id}";

        public override void Complete(PartitionReply reply)
        {
            var world = call._world;
            if (_isComplete)
                world.Report.Add(18, $"partition {call._partition}", $"answered one request twice, at last with {reply.Status}");
            _isComplete = true;
            world.CheckAnswer(reply);
            call.Compare(reply);
            call.Complete(reply);
        }
    }
}
