using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.Requests;
using Millrace.Simulation.Checkers;
using Millrace.Simulation.Clients;
using Millrace.Simulation.Faults;
using Millrace.Simulation.Nodes;
using Millrace.Simulation.Psp;
using Millrace.Simulation.Stores;
using Millrace.Simulation.Time;

namespace Millrace.Simulation.Seeds;

/// <summary>
/// Everything there is in one seed: nodes with the production engine, and around them a simulated database, network, provider,
/// merchants and clock, on one thread. What happens follows from the seed alone.
/// </summary>
internal sealed partial class World
{
    public const long StartMs = 1_700_000_000_000;
    public static readonly Actor Shop = new(ActorKind.ApiKey, "key_1");
    public static readonly Actor Person = new(ActorKind.Operator, "olivia");
    public static readonly TenantId Stranger = TenantId.Parse("stranger");
    private readonly Dice[] _chances;
    private readonly Dice _webhooks;
    private readonly Dice _ids;
    private readonly JournalChecker _journal;
    private readonly Shopper[] _shoppers;
    private readonly StockClerk[] _clerks;
    private readonly OperatorDesk _desk;
    private readonly List<ClientCall.Sink> _asked = [];

    public World(ulong seed, SeedSettings settings)
    {
        var dice = new Dice(seed);
        // Drawn in any case: with another plan everything else of the world stays the same.
        var drawn = FaultPlan.Draw(dice.Split());
        Plan = settings.Plan ?? drawn;
        // One for each kind of fault: taking one out moves no other.
        _chances = Array.ConvertAll(Enum.GetValues<FaultKind>(), _ => dice.Split());
        (_webhooks, _ids) = (dice.Split(), dice.Split());
        Trace = settings.TraceLimit > 0 ? new Trace(Schedule, settings.TraceLimit) : null;
        var shape = dice.Split();
        var (nodes, partitions) = (shape.Between(1, 4), shape.Between(2, 10));
        Map = new PartitionMap(partitions);
        Options = PartitionShape.Draw(shape, Plan);
        TickUs = shape.Between(50_000, 300_000);
        Patience = new Patience(Schedule);
        _journal = new JournalChecker(partitions, Report, Coverage.Count);
        Network = new Network(this, dice.Split());
        Database = new SimulatedDatabase(this, partitions, dice.Split())
        {
            BatchIsDurable = row => _journal.Take(row.Batch, row.Records),
            ClaimIsDurable = _journal.Claim,
        };
        Psp = new SimulatedPsp(this, dice.Split());
        Cluster = new Cluster(this, nodes, partitions, dice.Split());
        foreach (var kind in new[] { FaultKind.SlowDisk, FaultKind.Poison, FaultKind.Overload, FaultKind.TinyMemory }.Where(Plan.Has))
            Struck(kind);
        var merchants = new Merchants(this, dice.Split());
        _clerks = merchants.Clerks();
        _shoppers = merchants.Shoppers(settings.Orders);
        _desk = new OperatorDesk(this, dice.Split(), _journal);
    }

    public Schedule Schedule { get; } = new();

    public FaultPlan Plan { get; }

    public CheckReport Report { get; } = new();

    public Coverage Coverage { get; } = new();

    public Trace? Trace { get; }

    public PartitionMap Map { get; }

    public PartitionOptions Options { get; }

    public SimulatedDatabase Database { get; }

    public Network Network { get; }

    public Patience Patience { get; }

    public Cluster Cluster { get; }

    public SimulatedPsp Psp { get; }

    /// <summary>Orders that the journal has.</summary>
    public int OrderCount => _journal.Orders.Count;

    /// <summary>How often a node looks at its timers, in microseconds.</summary>
    public long TickUs { get; }

    /// <summary>The time that no node's clock need show.</summary>
    public long TrueMs => StartMs + (Schedule.NowUs / 1_000);

    /// <summary>From now on nothing goes wrong any more.</summary>
    public bool IsHealed { get; private set; }

    /// <summary>Whether a fault strikes here.</summary>
    /// <param name="rate">Of an ordinary seed.</param>
    public bool Happens(FaultKind kind, double rate)
    {
        var strength = Plan[kind];
        if (strength == 0 || IsHealed || !_chances[(int)kind].Happens(Math.Min(0.5, rate * strength)))
            return false;
        Coverage.Count(kind);
        return true;
    }

    public void Struck(FaultKind kind)
    {
        Coverage.Count(kind);
        Trace?.Add($"fault: {kind}");
    }

    public OrderId NewOrderId(int partition) => OrderId.Create(TrueMs, partition, _ids.Next());

    /// <summary>Whether the edge would have let it through.</summary>
    public bool IsSound(OrderPlacement placement) => placement.TotalMinor >= 0;

    /// <summary>A provider's webhook.</summary>
    public void TellOrder(OrderId order, OrderCommand fact)
    {
        Coverage.Count(fact);
        ClientCall.Start(this, _webhooks, order.Partition, () => new PartitionRequest.ChangeOrder(order, null, fact, new Actor(ActorKind.Psp, "sim"), null, null), static _ => { });
    }

    /// <summary>A node takes a request: it must answer as long as it lives.</summary>
    public ClientCall.Sink Asked(ClientCall.Sink sink)
    {
        _asked.Add(sink);
        return sink;
    }

    /// <summary>Nothing is said that is not durable.</summary>
    public void CheckAnswer(PartitionReply reply)
    {
        Coverage.Count(reply);
        if (reply.Order is { } order && (!_journal.Orders.TryGetValue(order.Id, out var known) || known.Order.Version < order.Version))
            Report.Add(18, order.Id.ToString(), $"is shown at version {order.Version} by an answer {reply.Status} before that is durable");
        if (reply is { Code: OrderParkCodes.Poison, Order: { Parked: null } poisoned })
            Report.Add(16, poisoned.Id.ToString(), "made its decider throw, and nobody was asked");
        if (reply.Item is { } item && (_journal.Item(item.Tenant, item.Sku)?.Version ?? 0) < item.Version)
            Report.Add(18, item.Sku, $"is shown at version {item.Version} before that is durable");
    }

    /// <summary>No effect before its durable intent.</summary>
    public void CheckIntent(PaymentRequest request)
    {
        if (!_journal.Orders.TryGetValue(request.Order, out var known) || known.Order.Payment.Requests((PaymentStep)(int)request.Operation) < request.Number)
            Report.Add(11, request.IdempotencyKey, "is asked of the provider before the intent is durable");
    }
}
