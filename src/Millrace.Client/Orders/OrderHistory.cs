using System.Text.Json;

namespace Millrace.Client.Orders;

/// <summary>Something that happened to an order.</summary>
/// <param name="Version">The order's, after it.</param>
/// <param name="Type">Such as <c>order.confirmed.v1</c>.</param>
/// <param name="Data">Of the type's own form.</param>
public sealed record OrderEvent(int Version, string Type, DateTimeOffset At, Actor Actor, IReadOnlyDictionary<string, JsonElement> Data);

/// <summary>An order's money in double entry.</summary>
/// <param name="Data">Entries, oldest first.</param>
/// <param name="Balances">Of every account.</param>
public sealed record OrderLedger(string Currency, IReadOnlyList<LedgerEntry> Data, IReadOnlyList<LedgerPosting> Balances);

/// <param name="Version">Of the event that it is for.</param>
public sealed record LedgerEntry(int Version, DateTimeOffset At, string Kind, string Reference, IReadOnlyList<LedgerPosting> Postings);

/// <param name="Amount">Minor units; the postings of an entry add up to nothing.</param>
public sealed record LedgerPosting(string Account, long Amount);
