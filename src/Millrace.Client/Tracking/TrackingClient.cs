using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Tracking;

/// <param name="Step">received, confirmed, shipped, delivered or canceled.</param>
public sealed record TrackedStep(string Step, DateTimeOffset At);

/// <summary>How far an order is, as the public sees it.</summary>
/// <param name="Status">The last step.</param>
/// <param name="Steps">Those it has made, in order.</param>
public sealed record TrackedOrder(string Status, DateTimeOffset UpdatedAt, IReadOnlyList<TrackedStep> Steps);

/// <summary>What whoever has an order's tracking link sees.</summary>
public sealed class TrackingClient
{
    private readonly Sender _sender;

    internal TrackingClient(Sender sender) => _sender = sender;

    /// <param name="token">The last part of <see cref="Orders.Order.TrackingUrl"/>.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("track_order")]
    public Task<Answer<TrackedOrder>> GetAsync(string token, string? ifNoneMatch = null, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/track/{token}", options).With("If-None-Match", ifNoneMatch), ClientJson.Default.TrackedOrder, cancellation);
}
