namespace Millrace.Simulation.Checkers;

/// <summary>What is promised, by number; see <c>docs/guarantees.md</c>.</summary>
public static class Invariants
{
    private static readonly string[] Names =
    [
        "no rule of the engine itself is broken",
        "every acknowledged order exists",
        "one effect per idempotency key, one order per external id",
        "at most one effective charge per payment intent",
        "no oversell",
        "a reservation ends exactly once",
        "the ledger balances; refunded ≤ captured ≤ authorized",
        "every order reaches an end or is parked",
        "the journal is gapless and its chain whole",
        "replay gives the same bytes",
        "no row from a stale epoch",
        "no effect before its durable intent",
        "events of an order stand in order, in its own partition",
        "reads never go back",
        "what ended badly holds no stock and no money",
        "a timer fires at least once and acts at most once, never early",
        "dead letters are never lost",
        "memory, queues and retries stay within their bounds",
        "an answer's status is honest",
        "the read model is the fold of the journal",
        "stock counters are the sum of the stock ledger",
    ];

    public static string NameOf(int invariant) => Names[invariant];
}
