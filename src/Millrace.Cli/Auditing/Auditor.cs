using Millrace.Api.Auditing;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Auditing;

/// <summary>
/// Checks the store while it is served: sweep after sweep over all orders and items of this node's partitions, and in between a sample of the orders
/// that have just changed. A row is judged by itself, never against what the partition remembers. Bounded by rows a second, one page in memory; it
/// yields when requests are refused, and when the store is slow. Where it was is forgotten at a restart: the first sweep begins anew.
/// </summary>
internal sealed partial class Auditor : BackgroundService
{
    public const int DefaultRowsPerSecond = 200;
    public const int MostRowsPerSecond = 100_000;

    /// <summary>Most rows that are read at once.</summary>
    public const int PageRows = 200;

    // Of a small store there is no need to be looked at again and again.
    public static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);

    // Of the time of a store that is slow, at most a tenth.
    private const int PauseForEach = 9;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(10);

    private readonly int _rate;
    private readonly int _page;
    private readonly TimeSpan _period;
    private readonly AuditedNode _node;
    private readonly AuditorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ChangedOrders _changed;
    private readonly AuditFindings _findings;
    private Sweep? _sweep;
    // When the last sweep began: a timestamp of the clock that is never set back.
    private long? _sweptAt;
    private long _refused;
    private volatile AuditorStatus _status;

    /// <param name="rate">Rows a second, 0 to <see cref="MostRowsPerSecond"/>; 0 is off.</param>
    public Auditor(int rate, AuditedNode node, AuditorMetrics metrics, TimeProvider time, ILogger<Auditor> logger)
    {
        (_rate, _node, _metrics, _time, _logger) = (rate, node, metrics, time, logger);
        _page = Math.Clamp(rate, 1, PageRows);
        _period = TimeSpan.FromSeconds((double)_page / Math.Max(rate, 1));
        _changed = new ChangedOrders(time);
        _findings = new AuditFindings(metrics, time, logger);
        _status = new AuditorStatus(rate, null, null, 0, 0, 0, 0, 0, []);
        var startedAt = time.GetUtcNow();
        metrics.Watch(() => rate == 0 || !node.HasPartitions ? null : time.GetUtcNow() - (_status.LastSweep?.EndedAt ?? startedAt));
    }

    /// <summary>How far it is; from any thread.</summary>
    public AuditorStatus Read() => _status;

    /// <summary>An order has changed, durably. Blocks nobody.</summary>
    public void Changed(OrderId order, int version)
    {
        if (_rate > 0)
            _changed.Note(order);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _metrics.Begin();
        var pause = TimeSpan.FromSeconds(1);
        while (_rate > 0)
        {
            await Task.Delay(pause, _time, stoppingToken);
            pause = await TurnAsync(stoppingToken);
        }
    }

    /// <summary>Reads a page's worth of rows.</summary>
    /// <returns>How long to wait for the next.</returns>
    internal async Task<TimeSpan> TurnAsync(CancellationToken cancellation)
    {
        var refused = _node.Refused();
        if (refused != _refused)
        {
            _refused = refused;
            return Skip("busy", _period);
        }

        var began = _time.GetTimestamp();
        try
        {
            await LookAsync(cancellation);
        }
        catch (StoreUnavailableException)
        {
            // Whoever commits says it, loudly.
            return Skip("store", AfterFailure);
        }
        catch (Exception defect) when (!cancellation.IsCancellationRequested)
        {
            Failed(_logger, defect);
            return Skip("failed", AfterFailure);
        }

        var pause = PauseForEach * _time.GetElapsedTime(began);
        return pause > _period ? Skip("store", pause) : _period;
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        var report = new CheckReport();
        try
        {
            var left = _page - await LookAtChangedAsync(report, cancellation);
            if (_sweep is null && IsTimeForSweep())
                Begin(new Sweep(_node, _time.GetUtcNow()));
            if (_sweep is { } sweep)
                await LookOnAsync(sweep, left, report, cancellation);
        }
        finally
        {
            _findings.Add(report.Violations);
            _status = _status with { Violations = _findings.Count, Findings = _findings.Last };
        }
    }

    // A quarter of the rows at most, so none at three a second: a busy node must not keep the sweep from coming round.
    private async Task<int> LookAtChangedAsync(CheckReport report, CancellationToken cancellation)
    {
        var (checker, looked) = (new RowChecker(_node.PartitionCount, report), 0);
        for (; looked < _page / 4 && _changed.TryTake(out var id); looked++)
        {
            try
            {
                if (await _node.Orders.FindOrderAsync(id, cancellation) is { } row)
                    checker.Take(row);
            }
            catch (Exception damage) when (Sweep.IsDamage(damage))
            {
                report.Add(19, id.ToString(), $"cannot be read: {damage.GetType().Name}");
            }
        }

        _metrics.Judged("changed_order", report.Orders);
        _status = _status with { Orders = _status.Orders + report.Orders, ChangedOrders = _status.ChangedOrders + report.Orders };
        return looked;
    }

    private bool IsTimeForSweep() => _node.HasPartitions && (_sweptAt is not { } last || _time.GetElapsedTime(last) >= BetweenSweeps);

    private void Begin(Sweep sweep) => (_sweep, _sweptAt) = (sweep, _time.GetTimestamp());

    private async Task LookOnAsync(Sweep sweep, int rows, CheckReport report, CancellationToken cancellation)
    {
        var (orders, items) = (sweep.Orders, sweep.Items);
        try
        {
            await sweep.TakeAsync(rows, report, cancellation);
        }
        finally
        {
            _metrics.Judged("order", sweep.Orders - orders);
            _metrics.Judged("item", sweep.Items - items);
            _status = _status with
            {
                Orders = _status.Orders + sweep.Orders - orders, Items = _status.Items + sweep.Items - items, Sweep = Of(sweep, null),
            };
        }

        if (!sweep.IsDone)
            return;
        _sweep = null;
        // One that could not see everything proves nothing: its finding is told, and the age of the last whole one grows.
        _status = _status with { Sweep = null, LastSweep = sweep.IsWhole ? Of(sweep, _time.GetUtcNow()) : _status.LastSweep };
    }

    private static AuditorSweep Of(Sweep sweep, DateTimeOffset? endedAt) => new(sweep.StartedAt, endedAt, sweep.Partitions, sweep.Orders, sweep.Items);

    private TimeSpan Skip(string reason, TimeSpan pause)
    {
        _metrics.Skipped(reason);
        _status = _status with { TurnsSkipped = _status.TurnsSkipped + 1 };
        return pause;
    }

    [LoggerMessage(2, LogLevel.Error, "The auditor's turn failed; it goes on. What this node serves does not depend on it.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
