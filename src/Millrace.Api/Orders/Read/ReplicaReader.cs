using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;

namespace Millrace.Api.Orders.Read;

/// <summary>Reads a page of orders from a copy of the read model that lags behind it.</summary>
/// <param name="query">Of one tenant.</param>
/// <param name="atLeast">Orders of that tenant that the copy must show, at these versions or later ones.</param>
/// <param name="cancellation">Nobody waits any more.</param>
/// <returns>The page and the moment that it is not older than; null when the copy is not that far.</returns>
/// <exception cref="Engine.Journal.StoreUnavailableException">The copy is away.</exception>
/// <exception cref="Engine.Journal.StoreRefusedException">The copy will never answer this.</exception>
public delegate ValueTask<(OrderPage Page, DateTimeOffset AsOf)?> ReplicaReader(
    OrderQuery query, IReadOnlyList<(OrderId Order, int Version)> atLeast, CancellationToken cancellation);
