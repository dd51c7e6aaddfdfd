using System.Globalization;
using Microsoft.Extensions.Primitives;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders;

/// <summary>
/// What a client has seen of an order, for lists that must not be older: its id and version. Opaque to clients, no secret, and no right to anything.
/// </summary>
internal static class ConsistencyToken
{
    public const string HeaderName = "Consistency-Token";

    // Each is looked up, so there is a limit.
    private const int MaxCount = 16;

    public static string Of(Order order) => string.Create(CultureInfo.InvariantCulture, $"{order.Id}.{order.Version}");

    /// <param name="values">Of the header: given several times, or separated by commas.</param>
    /// <param name="partitions">Of the store.</param>
    /// <param name="seen">What they say.</param>
    /// <returns>Null when the header is good, or not there.</returns>
    public static Problem? Read(StringValues values, int partitions, out List<(OrderId Order, int Version)> seen)
    {
        seen = [];
        foreach (var token in values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            var dot = token.LastIndexOf('.');
            if (seen.Count == MaxCount || dot < 0 || !OrderId.TryParse(token[..dot], out var id) || id.Partition >= partitions
                || !int.TryParse(token.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
                return new Problem(ProblemKinds.InvalidHeader, $"{HeaderName} takes up to {MaxCount} tokens as this API gave them, separated by commas.");
            seen.Add((id, version));
        }

        return null;
    }
}
