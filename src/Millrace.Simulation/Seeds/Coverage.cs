using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.Requests;
using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Seeds;

/// <summary>What a run has exercised: a simulator that never reaches a case proves nothing about it.</summary>
public sealed class Coverage
{
    private readonly Dictionary<Type, long> _cases = [];
    private readonly Dictionary<string, long> _names = new(StringComparer.Ordinal);
    private readonly long[] _faults = new long[Enum.GetValues<FaultKind>().Length];
    private readonly long[] _operations = new long[Enum.GetValues<PaymentOperation>().Length + 1];
    private readonly long[] _statuses = new long[Enum.GetValues<ReplyStatus>().Length + 1];

    /// <summary>How often a case of a closed hierarchy was met.</summary>
    public long Of(Type type) => _cases.GetValueOrDefault(type);

    /// <summary>How often a rejection's code or a kind of recovery was met.</summary>
    public long Of(string name) => _names.GetValueOrDefault(name);

    public long Of(FaultKind kind) => _faults[(int)kind];

    public long Of(PaymentOperation operation) => _operations[(int)operation];

    public long Of(ReplyStatus status) => _statuses[(int)status];

    public void Add(Coverage other)
    {
        foreach (var (type, count) in other._cases)
            _cases[type] = _cases.GetValueOrDefault(type) + count;
        foreach (var (name, count) in other._names)
            _names[name] = _names.GetValueOrDefault(name) + count;
        Add(_faults, other._faults);
        Add(_operations, other._operations);
        Add(_statuses, other._statuses);
    }

    internal void Count(object met)
    {
        ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_cases, met.GetType(), out _);
        count++;
    }

    internal void Count(string name) => _names[name] = _names.GetValueOrDefault(name) + 1;

    internal void Count(FaultKind kind) => _faults[(int)kind]++;

    internal void Count(PaymentOperation operation) => _operations[(int)operation]++;

    internal void Count(PartitionReply reply)
    {
        _statuses[(int)reply.Status]++;
        if (reply.Code is { } code)
            Count(code);
    }

    internal void Count(PartitionMessage message)
    {
        Count((object)message);
        switch (message)
        {
            case PartitionMessage.ToStock m: Count((object)m.Command); break;
            case PartitionMessage.ToOrder m: Count((object)m.Command); break;
        }
    }

    internal void Count(PaymentOutcome outcome)
    {
        Count((object)outcome);
        if (outcome is PaymentOutcome.Unknown)
            _cases[typeof(OrderCommand.PaymentUnknown)] = _cases.GetValueOrDefault(typeof(OrderCommand.PaymentUnknown)) + 1;
    }

    /// <summary>What the journal shows of commands that nobody outside gives.</summary>
    internal void Count(JournalRecord record)
    {
        Count((object)record);
        if (record is JournalRecord.StockChanged changed)
            Count((object)changed.Fact);
        if (record is not JournalRecord.OrderDecided decided)
            return;
        foreach (var fact in decided.Decision.Facts)
        {
            Count((object)fact);
            if (fact is OrderEvent.Parked { Code: OrderParkCodes.Poison })
                _cases[typeof(OrderCommand.Park)] = _cases.GetValueOrDefault(typeof(OrderCommand.Park)) + 1;
            if (fact is OrderEvent.Placed)
                _cases[typeof(OrderCommand.Place)] = _cases.GetValueOrDefault(typeof(OrderCommand.Place)) + 1;
            if (fact is OrderEvent.ClosingStarted { Closing.Outcome: OrderStatus.Expired })
                _cases[typeof(OrderCommand.CheckDue)] = _cases.GetValueOrDefault(typeof(OrderCommand.CheckDue)) + 1;
        }
    }

    private static void Add(long[] to, long[] from)
    {
        for (var i = 0; i < to.Length; i++)
            to[i] += from[i];
    }
}
