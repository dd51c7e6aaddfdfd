using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Health;

/// <param name="RefusedCheckpoints">Partitions whose checkpoints the database refuses; null for none.</param>
/// <param name="Degraded">What is away without which everything goes on, though less well; null for nothing.</param>
public sealed record HealthStatus(string Status, IReadOnlyList<int>? RefusedCheckpoints = null, IReadOnlyList<string>? Degraded = null);

/// <summary>Probes. Not repeated: they ask what is now. Not well is a <see cref="MillraceProblemException"/> with 503.</summary>
public sealed class HealthClient
{
    private readonly Sender _sender;

    internal HealthClient(Sender sender) => _sender = sender;

    /// <summary>The process answers.</summary>
    [Operation("livez")]
    public Task<Answer<HealthStatus>> CheckLiveAsync(CallOptions? options = null, CancellationToken cancellation = default) => AskAsync($"livez", options, cancellation);

    /// <summary>All partitions serve.</summary>
    [Operation("readyz")]
    public Task<Answer<HealthStatus>> CheckReadyAsync(CallOptions? options = null, CancellationToken cancellation = default) => AskAsync($"readyz", options, cancellation);

    /// <summary>All partitions have served once.</summary>
    [Operation("startupz")]
    public Task<Answer<HealthStatus>> CheckStartedAsync(CallOptions? options = null, CancellationToken cancellation = default) => AskAsync($"startupz", options, cancellation);

    private Task<Answer<HealthStatus>> AskAsync(FormattableString path, CallOptions? options, CancellationToken cancellation) =>
        _sender.SendAsync(Call.Get(path, options) with { MayRepeat = false }, ClientJson.Default.HealthStatus, cancellation);
}
