using Millrace.Engine.Codec;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Seeds;

namespace Millrace.Simulation.Nodes;

/// <summary>
/// Which node should run which partition, as the cluster's directory believes, and what happens to the nodes. The directory is often
/// wrong or late; nothing may depend on it.
/// </summary>
internal sealed class Cluster
{
    private const long SuperviseUs = 200_000;
    private readonly World _world;
    private readonly Dice _dice;
    private readonly SimulatedNode[] _nodes;
    private readonly int[] _owners;
    private readonly long _detectUs;

    public Cluster(World world, int nodes, int partitions, Dice dice)
    {
        (_world, _dice) = (world, dice);
        _nodes = [.. Enumerable.Range(0, nodes).Select(id => new SimulatedNode(world, id, partitions))];
        _owners = [.. Enumerable.Range(0, partitions).Select(p => p % nodes)];
        _detectUs = dice.Between(200_000, 2_000_000);
        Supervise();
        if (world.Plan.Has(FaultKind.VersionSkew))
            ReplaceOldNodes();
        Repeat(FaultKind.Crash, 3_000_000, () => Crash(_dice.Pick(_nodes)));
        Repeat(FaultKind.Pause, 3_000_000, () => Pause(_dice.Pick(_nodes)));
        Repeat(FaultKind.DoubleActivation, 1_500_000, () => ActivateTwice(_dice.Pick(_nodes), _dice.Below(_owners.Length)));
        Repeat(FaultKind.HandOver, 2_000_000, HandOver);
        Repeat(FaultKind.ClockJump, 1_500_000, () => Struck(() => _dice.Pick(_nodes).ClockOffsetMs = _dice.Between(-20_000, 20_000)));
        Repeat(FaultKind.Failover, 4_000_000, () => Struck(() => _world.Database.FailOver(_dice.Between(1_000, 700_000))));
        Repeat(FaultKind.DiskFull, 4_000_000, () => Struck(() => _world.Database.FullFor(_dice.Between(1_000, 1_000_000))));
        Repeat(FaultKind.PspOutage, 4_000_000, () => Struck(() => _world.Psp.DownFor(_dice.Between(1_000, 5_000_000))));
    }

    public SimulatedNode OwnerOf(int partition) => _nodes[_owners[partition]];

    /// <summary>Where a client's request goes: to the owner, or to any node when its route is old.</summary>
    public SimulatedNode RouteTo(int partition) =>
        _world.Happens(FaultKind.StaleRoute, 0.1) ? _dice.Pick(_nodes) : OwnerOf(partition);

    /// <summary>No more faults: everybody runs, and clocks jump no more.</summary>
    public void Heal()
    {
        foreach (var node in _nodes)
        {
            node.PausedUntilUs = 0;
            if (!node.IsUp)
                node.Restart();
        }
    }

    private static bool Struck(Action strike)
    {
        strike();
        return true;
    }

    private bool Crash(SimulatedNode node)
    {
        if (!node.IsUp)
            return false;
        node.Crash();
        _world.Schedule.After(_dice.Between(50_000, 1_500_000), () =>
        {
            if (!node.IsUp)
                node.Restart();
        });
        return true;
    }

    private bool Pause(SimulatedNode node)
    {
        // It gets some work done between two pauses: one that never does is a dead one.
        if (!node.IsUp || node.PausedUntilUs + 200_000 >= _world.Schedule.NowUs)
            return false;
        node.PausedUntilUs = _world.Schedule.NowUs + _dice.Between(10_000, 6_000_000);
        return true;
    }

    private bool HandOver()
    {
        var partition = _dice.Below(_owners.Length);
        var (old, next) = (OwnerOf(partition), _dice.Below(_nodes.Length));
        if (!old.IsUp || next == _owners[partition])
            return false;
        _world.Schedule.After(0, old, () => old.Stop(partition));
        _owners[partition] = next;
        return true;
    }

    private bool ActivateTwice(SimulatedNode node, int partition)
    {
        if (!node.IsUp || node == OwnerOf(partition))
            return false;
        _world.Schedule.After(0, node, () => node.Start(partition));
        return true;
    }

    // A rolling upgrade, slow enough that both versions take partitions from each other; the format is raised when the last old node is gone.
    private void ReplaceOldNodes()
    {
        var old = new Queue<SimulatedNode>(_nodes);
        foreach (var node in _nodes)
            node.NewestFormat = PayloadFormat.Newest - 1;
        void Replace() => _world.Schedule.After(_dice.Between(500_000, 6_000_000), () =>
        {
            _world.Struck(FaultKind.VersionSkew);
            if (!old.TryDequeue(out var node))
            {
                _world.Database.RaiseFormat();
                return;
            }

            if (node.IsUp)
                node.Crash();
            node.NewestFormat = PayloadFormat.Newest;
            node.Restart();
            Replace();
        });

        Replace();
    }

    // Every partition is kept active without waiting for traffic.
    private void Supervise()
    {
        for (var partition = 0; partition < _owners.Length; partition++)
        {
            var node = OwnerOf(partition);
            if (IsGone(node))
                node = _nodes[_owners[partition] = _dice.Below(_nodes.Length)];
            if (!node.IsUp || node.IsHosting(partition))
                continue;
            var (owner, id) = (node, partition);
            _world.Schedule.After(0, owner, () => owner.Start(id));
        }

        _world.Schedule.After(SuperviseUs, Supervise);
    }

    // A node that does not answer is taken for dead, whether it is or only stands still.
    private bool IsGone(SimulatedNode node) => !node.IsUp
        ? _dice.Below(4) == 0
        : node.PausedUntilUs > _world.Schedule.NowUs + _detectUs;

    private void Repeat(FaultKind kind, int everyUs, Func<bool> strike)
    {
        if (!_world.Plan.Has(kind))
            return;
        var mean = (int)(everyUs / _world.Plan[kind]);
        void Next() => _world.Schedule.After(_dice.Between(mean / 4, mean * 2), () =>
        {
            if (!_world.IsHealed)
            {
                if (strike())
                    _world.Struck(kind);
                Next();
            }
        });

        Next();
    }
}
