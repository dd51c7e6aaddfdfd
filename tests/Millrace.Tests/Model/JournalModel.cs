using System.Collections.Immutable;
using System.Text;

namespace Millrace.Tests.Model;

/// <summary>What a wrong protocol would do differently; for showing that the explorer finds it.</summary>
internal enum ProtocolMistake
{
    None,
    AppendsAreNotFenced,
    ClaimIsAnsweredBeforeItIsReplicated,
    AppendIsAnsweredBeforeItIsReplicated,
    TailIsReadBeforeTheClaim,
}

/// <summary>A commit in the database, visible from the moment it is there, durable once a standby has it.</summary>
/// <param name="Value">What was appended; 0 for a claim.</param>
internal readonly record struct Operation(int Owner, int Request, int Epoch, int Value);

/// <summary>On the wire. It may arrive at any time, also long after nobody waits for it, or never.</summary>
/// <param name="Seq">Of an append; 0 for a claim.</param>
internal readonly record struct Message(int Owner, int Request, int Epoch, int Seq, int Value);

/// <param name="Waiting">The request it waits for; 0 for none.</param>
/// <param name="Epoch">0 while it owns nothing.</param>
/// <param name="Known">What it believes the log to be.</param>
internal readonly record struct Owner(int Waiting, int Epoch, ImmutableArray<int> Known);

/// <summary>
/// Claim, append and ambiguous commit as the design has them (chapter 5), in the small: two owners of one partition, a database with one
/// synchronous standby, every order of events. Every state is checked, none is sampled.
/// </summary>
internal sealed record JournalModel(
    ImmutableArray<Operation> Operations,
    int Replicated,
    ImmutableArray<Message> Wire,
    ImmutableArray<Owner> Owners,
    ImmutableArray<int> Acknowledged,
    int Requests,
    int Values,
    int Failovers)
{
    public const int MaxRequests = 5;
    public const int MaxValues = 2;
    public const int MaxFailovers = 1;

    public static readonly JournalModel Start = new([], 0, [], [new Owner(0, 0, []), new Owner(0, 0, [])], [], 0, 0, 0);

    private int Epoch => Operations.LastOrDefault(o => o.Value == 0).Epoch;

    private IEnumerable<int> Log => Operations.Where(o => o.Value != 0).Select(o => o.Value);

    /// <summary>The promise that is broken in this state; null when none is.</summary>
    public string? Violation()
    {
        if (Acknowledged.Except(Log).Any())
            return "an acknowledged value is gone";
        foreach (var owner in Owners)
        {
            // Whoever may answer reads, because the database says that the epoch is current, knows all that was ever acknowledged.
            if (owner.Epoch != 0 && owner.Epoch == Epoch && Acknowledged.Except(owner.Known).Any())
                return "the owner of the current epoch does not know an acknowledged value";
        }

        return null;
    }

    public IEnumerable<JournalModel> Next(ProtocolMistake mistake)
    {
        for (var i = 0; i < Owners.Length; i++)
        {
            foreach (var next in ActionsOf(i, mistake))
                yield return next;
        }

        foreach (var message in Wire)
            yield return Arrive(message, mistake);
        if (Replicated < Operations.Length)
            yield return this with { Replicated = Replicated + 1 };
        if (Failovers < MaxFailovers && Replicated < Operations.Length)
            yield return this with { Operations = Operations[..Replicated], Failovers = Failovers + 1 };
    }

    /// <summary>Equal for equal states.</summary>
    public string Key()
    {
        var key = new StringBuilder();
        key.Append(Replicated).Append('/').Append(Requests).Append('/').Append(Values).Append('/').Append(Failovers);
        foreach (var o in Operations)
            key.Append('|').Append(o.Owner).Append(o.Request).Append(o.Epoch).Append(o.Value);
        foreach (var m in Wire.OrderBy(m => m.Request))
            key.Append('~').Append(m.Owner).Append(m.Request).Append(m.Epoch).Append(m.Seq).Append(m.Value);
        foreach (var o in Owners)
            key.Append('#').Append(o.Waiting).Append(o.Epoch).AppendJoin(',', o.Known);
        return key.Append('!').AppendJoin(',', Acknowledged.Order()).ToString();
    }

    private IEnumerable<JournalModel> ActionsOf(int i, ProtocolMistake mistake)
    {
        var owner = Owners[i];
        if (owner.Waiting != 0)
        {
            foreach (var (operation, index) in Operations.Select((o, index) => (o, index)))
            {
                if (operation.Request == owner.Waiting && IsAnswered(operation, index, mistake))
                    yield return Answer(i, operation, index);
            }

            // Connection lost, time-out, or a refusal that says that another has claimed: claim again; what is on the wire stays there.
            yield return With(i, new Owner(0, 0, []));
            yield break;
        }

        if (Requests == MaxRequests)
            yield break;
        ImmutableArray<int> known = mistake == ProtocolMistake.TailIsReadBeforeTheClaim ? [.. Log] : [];
        yield return Send(i, owner with { Epoch = 0, Known = known }, new Message(i, Requests + 1, 0, 0, 0));
        if (owner.Epoch != 0 && Values < MaxValues)
            yield return Send(i, owner, new Message(i, Requests + 1, owner.Epoch, owner.Known.Length + 1, Values + 1)) with { Values = Values + 1 };
    }

    private bool IsAnswered(Operation operation, int index, ProtocolMistake mistake) => index < Replicated
        || mistake == (operation.Value == 0 ? ProtocolMistake.ClaimIsAnsweredBeforeItIsReplicated : ProtocolMistake.AppendIsAnsweredBeforeItIsReplicated);

    private JournalModel Answer(int i, Operation operation, int index)
    {
        var owner = Owners[i];
        if (operation.Value != 0)
        {
            var known = owner with { Waiting = 0, Known = owner.Known.Add(operation.Value) };
            return With(i, known) with { Acknowledged = Acknowledged.Add(operation.Value) };
        }

        // The tail is what stood before the claim: the claim's own commit makes it durable. (A mistaken owner has read it already.)
        ImmutableArray<int> tail = owner.Known.IsEmpty ? [.. Operations.Take(index).Where(o => o.Value != 0).Select(o => o.Value)] : owner.Known;
        return With(i, new Owner(0, operation.Epoch, tail));
    }

    private JournalModel Arrive(Message message, ProtocolMistake mistake)
    {
        var wire = Wire.Remove(message);
        if (message.Value == 0)
            return this with { Wire = wire, Operations = Operations.Add(new Operation(message.Owner, message.Request, Epoch + 1, 0)) };
        var isNext = message.Seq == Log.Count() + 1 && message.Epoch == Epoch;
        return isNext || mistake == ProtocolMistake.AppendsAreNotFenced
            ? this with { Wire = wire, Operations = Operations.Add(new Operation(message.Owner, message.Request, message.Epoch, message.Value)) }
            : this with { Wire = wire };
    }

    private JournalModel Send(int i, Owner owner, Message message) =>
        With(i, owner with { Waiting = message.Request }) with { Wire = Wire.Add(message), Requests = message.Request };

    private JournalModel With(int i, Owner owner) => this with { Owners = Owners.SetItem(i, owner) };
}
