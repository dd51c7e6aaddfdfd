using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Auditor;

/// <summary>What the asked node checks while it serves; needs the scope <c>system:operate</c>.</summary>
public sealed class AuditorClient
{
    private readonly Sender _sender;

    internal AuditorClient(Sender sender) => _sender = sender;

    [Operation("get_auditor")]
    public Task<Answer<AuditorReport>> GetAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/auditor", options), ClientJson.Default.AuditorReport, cancellation);
}
