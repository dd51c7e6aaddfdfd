using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Providers;

/// <summary>A payment provider that is not asked for anything now.</summary>
/// <param name="By">Who has paused it.</param>
/// <param name="Seen">Whether the asked node had a payment to make with it since it started: else its name may be mistyped.</param>
public sealed record PausedProvider(string Name, DateTimeOffset Since, string? By, bool Seen);

/// <summary>Payment providers; needs the scope <c>system:operate</c>.</summary>
public sealed class ProvidersClient
{
    private readonly Sender _sender;

    internal ProvidersClient(Sender sender) => _sender = sender;

    /// <summary>Those that are paused.</summary>
    [Operation("list_paused_psps")]
    public Task<Answer<Listing<PausedProvider>>> ListPausedAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/psps/paused", options), ClientJson.Default.ListingPausedProvider, cancellation);

    /// <summary>Begins nothing more with it: payments wait, and are made when it is resumed.</summary>
    [Operation("pause_psp")]
    public Task<Answer<Listing<PausedProvider>>> PauseAsync(string name, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/psps/{name}/paused", options), ClientJson.Default.ListingPausedProvider, cancellation);

    /// <summary>Asks it again.</summary>
    [Operation("resume_psp")]
    public Task<Answer<Listing<PausedProvider>>> ResumeAsync(string name, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/psps/{name}/paused", options), ClientJson.Default.ListingPausedProvider, cancellation);
}
