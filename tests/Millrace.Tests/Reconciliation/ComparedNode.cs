using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;
using Millrace.Feed;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation;
using Millrace.Reconciliation.Breaks;
using Millrace.Reconciliation.Comparing;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Feed;
using Millrace.Tests.PspSimulator;
using Millrace.Tests.Storage;
using System.Diagnostics.Metrics;

namespace Millrace.Tests.Reconciliation;

/// <summary>All of a node that compares, turn by turn: a journal that tests write, a real simulator over HTTP, a real file of records, and a clock that tests move.</summary>
internal sealed class ComparedNode : IAsyncDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);
    private const int MostTurns = 500;
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly SqliteAdministration _administration;
    private readonly int _mostWaiting;
    private readonly List<PspHost> _stopped = [];
    private PspHost? _psp;
    private PspRecords _provider;
    private Comparison? _comparison;

    private ComparedNode(PspHost psp, bool isOneLog, int mostWaiting)
        : this(psp.Address, isOneLog, mostWaiting) => _psp = psp;

    /// <param name="provider">Another one than the simulator.</param>
    /// <param name="isOneLog">As SQLite has it.</param>
    /// <param name="mostWaiting">Operations, in memory.</param>
    public ComparedNode(Uri provider, bool isOneLog = true, int mostWaiting = 1_000)
    {
        (Journal, _mostWaiting) = (new FeedJournal(4, isOneLog), mostWaiting);
        Directory.CreateDirectory(_folder["node"]);
        _administration = SqliteAdministration.Open(_folder["node"]);
        (Store, _provider) = (new BreakStore(_administration), new PspRecords(provider));
    }

    public PspHost Psp => _psp!;

    public FeedJournal Journal { get; private set; }

    public BreakStore Store { get; }

    public IRecords Records => _administration;

    public AdjustedTime Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs));

    /// <summary>Requests that the node has refused.</summary>
    public long Refused { get; set; }

    /// <summary>Whether owners answer what they are asked.</summary>
    public bool AreOwnersHere { get; set; } = true;

    /// <summary>Orders whose owner alone does not answer.</summary>
    public HashSet<OrderId> OwnersAway { get; } = [];

    public static async Task<ComparedNode> StartAsync(bool isOneLog = true, int mostWaiting = 1_000) => new(await PspHost.StartAsync(), isOneLog, mostWaiting);

    /// <summary>An order that asks for an authorization under the first key.</summary>
    public OrderId Asks(long amount = 500, int partition = 0)
    {
        var order = Journal.NewOrder(partition);
        Journal.Tell(order, new OrderEvent.Placed(Given.Placement()), new OrderEvent.PaymentRequested(PaymentStep.Authorize, 1, amount));
        return order;
    }

    public static string KeyOf(OrderId order, PaymentStep step = PaymentStep.Authorize) => Order.PaymentKey(order, step, 1);

    public void Books(OrderId order, string reference, PaymentStep step = PaymentStep.Authorize) => Journal.Tell(order, new OrderEvent.PaymentSucceeded(step, 1, reference));

    /// <summary>An authorization that both sides have.</summary>
    public async Task<(OrderId Order, string Reference)> PaysAsync(int partition = 0)
    {
        var order = Asks(partition: partition);
        var reference = (await Psp.AuthorizeAsync(KeyOf(order))).Id;
        Books(order, reference);
        return (order, reference);
    }

    /// <summary>Turns until there is nothing more to read now.</summary>
    public async Task TurnAsync()
    {
        _comparison ??= await Comparison.BeginAsync(Tools(), NullLogger.Instance, default);
        for (var turn = 0; turn < MostTurns; turn++)
        {
            if (await _comparison.TurnAsync(default) != TimeSpan.Zero)
                return;
        }

        throw new InvalidOperationException("There is always more to read.");
    }

    /// <summary>The same after a while, in which nothing happens.</summary>
    public Task TurnAfterAsync(TimeSpan time)
    {
        Time.Advance(time);
        return TurnAsync();
    }

    public async Task<TimeSpan?> OneTurnAsync() => await (_comparison ??= await Comparison.BeginAsync(Tools(), NullLogger.Instance, default)).TurnAsync(default);

    /// <summary>As a crash does: what was in memory is gone.</summary>
    public void Restart() => _comparison = null;

    /// <summary>The provider's next life, on what is then in its folder.</summary>
    public async Task RestartPspAsync(Action<string> before)
    {
        await Psp.StopAsync();
        before(Psp.RecordFile);
        var stopped = Psp;
        _psp = await PspHost.StartAgainAsync(stopped);
        _provider.Dispose();
        _provider = new PspRecords(Psp.Address);
        Restart();
        _stopped.Add(stopped);
    }

    /// <summary>A store that was set back, and is served again.</summary>
    public void ReplaceJournal()
    {
        Journal = new FeedJournal(4, isOneLog: true);
        Restart();
    }

    public async Task<List<Break>> BreaksAsync() => [.. (await Store.ListAsync(null, default)).Select(stored => stored.Break).OrderBy(one => one.OpenedAt)];

    public async Task<ReconciliationState> StateAsync() => (await Store.ReadStateAsync(default)).State!;

    public ReconciliationSight See() => _comparison!.See();

    public async ValueTask DisposeAsync()
    {
        _provider.Dispose();
        if (_psp is not null)
            await _psp.DisposeAsync();
        foreach (var stopped in _stopped)
            await stopped.DisposeAsync();
        _administration.Dispose();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    private ReconciliationTools Tools() => new(
        new ReconciliationOptions { Grace = Grace, MostWaiting = _mostWaiting }, "a", new FollowedFeed(new EventFeed(Journal)), _provider, FindAsync, Store,
        new ReconciliationMetrics(_services.GetRequiredService<IMeterFactory>()), () => Refused, Time);

    private ValueTask<PartitionReply> FindAsync(OrderId order, CancellationToken cancellation)
    {
        if (!AreOwnersHere || OwnersAway.Contains(order))
            return new(PartitionReply.Unavailable("recovering", "It recovers."));
        var document = Journal.DocumentOf(order);
        return new(document.Length == 0 ? new PartitionReply(ReplyStatus.NotFound) : new PartitionReply(ReplyStatus.Accepted, OrderDocument.Fold(order, document), document));
    }
}
