using Millrace.Simulation.Checkers;
using Millrace.Simulation.Clients;

namespace Millrace.Simulation.Seeds;

/// <summary>From the first order to the last look: a while in which everything may go wrong, then a while in which nothing does.</summary>
internal sealed partial class World
{
    private const long FaultyUs = 25_000_000;
    private const long PatienceUs = 900_000_000;
    private const long StepUs = 250_000;

    /// <summary>Runs to the end, or to the first violation.</summary>
    public void Run()
    {
        try
        {
            Array.ForEach(_clerks, clerk => clerk.Start());
            _desk.Start();
            // Faults outlive the clients: captures, voids and releases go through them too.
            RunUntil(FaultyUs, () => AreClientsDone() && IsAtRest() && IsEverybodyAnswered());
            IsHealed = true;
            Trace?.Add("healed");
            Cluster.Heal();
            if (!RunUntil(Schedule.NowUs + PatienceUs, () => AreClientsDone() && IsAtRest() && IsEverybodyAnswered()))
                ReportStuck();
            else if (Report.ViolationCount == 0)
                CheckEnd();
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            // Thrown in the engine or in a checker: a broken invariant, whatever else it is.
            Report.Add(0, "engine", broken.ToString());
        }
    }

    /// <summary>One number for all that happened: equal for equal seeds.</summary>
    public UInt128 Digest()
    {
        var digest = (UInt128)(ulong)Schedule.Count << 64 | (ulong)Schedule.NowUs;
        for (var partition = 0; partition < Map.Count; partition++)
            digest = (digest * 31) ^ Database[partition].Chain ^ (UInt128)Database[partition].Epoch;
        return digest;
    }

    /// <summary>The violations with the events around them; empty when there are none.</summary>
    public string Text() => Report.ViolationCount == 0 ? "" : ReportText.Of(Report, _journal);

    private bool RunUntil(long endUs, Func<bool> isDone)
    {
        for (var next = Schedule.NowUs; next < endUs && Report.ViolationCount == 0; next += StepUs)
        {
            while (Schedule.Step(next) && Report.ViolationCount == 0)
            {
            }

            if (isDone())
                return true;
        }

        return Report.ViolationCount > 0;
    }

    private bool AreClientsDone() =>
        Array.TrueForAll(_shoppers, b => b.IsDone) && Array.TrueForAll(_clerks, c => c.IsDone) && _desk.IsDone;

    private bool IsAtRest()
    {
        for (var partition = 0; partition < Map.Count; partition++)
        {
            var tables = Database[partition];
            if (tables.CheckpointSeq != tables.Seq || Cluster.OwnerOf(partition).Serving(partition) is not { } serving
                || serving.Epoch != tables.Epoch || serving.DurableSeq != tables.Seq || serving.Unacknowledged > 0)
                return false;
        }

        foreach (var order in _journal.Orders.Values)
        {
            if (!OrderChecks.IsAtRest(order.Order))
                return false;
        }

        return true;
    }

    // Who asks again is answered then; that must not hide the first silence.
    private bool IsEverybodyAnswered()
    {
        _asked.RemoveAll(static sink => !sink.IsOpen);
        return _asked.Count == 0;
    }

    private void ReportStuck()
    {
        foreach (var silence in _asked.Where(sink => sink.IsOpen))
            Report.Add(18, $"partition {silence.Partition}", $"never answers the {silence.Request}");
        foreach (var (id, order) in _journal.Orders)
        {
            if (!OrderChecks.IsAtRest(order.Order))
                Report.Add(7, id.ToString(), $"is stuck as {order.Order.Status}{(order.Order.Parked is { } parked ? $", parked ({parked.Code})" : "")}");
        }

        foreach (var buyer in _shoppers.Where(b => !b.IsDone))
            Report.Add(7, buyer.Id.IsEmpty ? $"key of order {buyer.Placement.Buyer.CustomerId}" : buyer.Id.ToString(), "is waited for and never answered");
        for (var partition = 0; partition < Map.Count; partition++)
        {
            var tables = Database[partition];
            if (tables.CheckpointSeq != tables.Seq)
                Report.Add(19, $"partition {partition}", $"is checkpointed to {tables.CheckpointSeq} of {tables.Seq} and gets no further");
        }

        if (Report.ViolationCount == 0)
            Report.Add(7, "the shop", "never comes to rest");
    }

    private void CheckEnd()
    {
        foreach (var buyer in _shoppers.Where(b => !b.Id.IsEmpty))
            CheckShopper(buyer);
        _journal.Finish(isDrained: true);
        var psp = new PspChecker(_journal, Report);
        foreach (var fact in Psp.Facts)
            psp.Take(fact);
        psp.Finish();
        CheckReadModel();
        CheckMemory();
        CheckMemoryAtRest();
    }

    private void CheckShopper(Shopper buyer)
    {
        if (!_journal.Orders.TryGetValue(buyer.Id, out var known) || known.Order.Placement.KeyHash != buyer.Placement.KeyHash)
            Report.Add(1, buyer.Id.ToString(), "was acknowledged and does not exist");
        else if (known.Order.Closing is null && known.Order.Payment.RefundedMinor > buyer.RefundsMinor)
            Report.Add(3, buyer.Id.ToString(), $"had {buyer.RefundsMinor} refunded at most by request, and {known.Order.Payment.RefundedMinor} in truth");
    }

    private void CheckReadModel()
    {
        var checker = new ReadModelChecker(_journal, Report);
        for (var partition = 0; partition < Map.Count; partition++)
        {
            var tables = Database[partition];
            checker.Begin(partition, tables.CheckpointSeq);
            foreach (var row in tables.Orders.Values)
                checker.Take(row);
            foreach (var row in tables.Stock.Values)
                checker.Take(row);
        }

        checker.Finish();
    }

    // Nothing is under way: what is kept beyond the limit is kept for ever.
    private void CheckMemoryAtRest()
    {
        for (var partition = 0; partition < Map.Count; partition++)
        {
            var serving = Cluster.OwnerOf(partition).Serving(partition)!;
            if (serving.OrdersInMemory > Options.MaxOrdersInMemory || serving.Unsettled > 0)
                Report.Add(17, $"partition {partition}", $"at rest has {serving.OrdersInMemory} orders in memory, where {Options.MaxOrdersInMemory} is the most, and counts {serving.Unsettled} unsettled");
        }
    }

    // What the partitions have in memory begins as the journal says: replay and decision came to the same bytes.
    private void CheckMemory()
    {
        for (var partition = 0; partition < Map.Count; partition++)
        {
            var serving = Cluster.OwnerOf(partition).Serving(partition)!;
            foreach (var item in serving.Items)
            {
                if (_journal.Item(item.Tenant, item.Sku) is { } known && known.Version == item.Version && !ReadModelChecker.AreSame(known, item))
                    Report.Add(9, item.Sku, "differs in memory from the fold of the journal");
            }
        }

        foreach (var (id, known) in _journal.Orders)
        {
            var partition = Cluster.OwnerOf(id.Partition).Serving(id.Partition)!;
            if (partition.DocumentInMemory(id) is { } document && !document.Span.StartsWith(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(known.Document)))
                Report.Add(9, id.ToString(), $"has {document.Length} bytes in memory that differ from the journal's {known.Document.Count}");
        }
    }
}
