namespace Millrace.Client.Orders;

/// <summary>One order of many.</summary>
/// <param name="IdempotencyKey">Names the intent. Kept by the caller: after a lost answer the same rows are sent again.</param>
public sealed record BatchRow(string IdempotencyKey, NewOrder Order);

/// <summary>What became of a row.</summary>
/// <param name="Row">Its place among those sent, from 0.</param>
/// <param name="Status">What it would have been answered alone.</param>
/// <param name="Order">When it was taken.</param>
/// <param name="Problem">When it was not.</param>
/// <param name="ConsistencyToken">Of the order, for <see cref="OrderFilter.ConsistencyToken"/>; a list takes up to 16, separated by commas.</param>
public sealed record BatchResult(int Row, string? IdempotencyKey, int Status, bool Replayed, Order? Order = null, Problem? Problem = null, string? ConsistencyToken = null);
