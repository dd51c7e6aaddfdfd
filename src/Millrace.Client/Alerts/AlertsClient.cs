using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Alerts;

/// <summary>What the installation's monitoring says is wrong.</summary>
/// <param name="Rules">Alerting rules that are evaluated: with none, an empty <paramref name="Data"/> means nothing.</param>
/// <param name="Data">What fires first, pages before tickets, the oldest first.</param>
public sealed record ActiveAlerts(int Rules, IReadOnlyList<ActiveAlert> Data);

/// <param name="Severity"><c>page</c> or <c>ticket</c>.</param>
/// <param name="State"><c>firing</c>; <c>pending</c> while its condition does not hold for long enough yet.</param>
/// <param name="Since">When its condition began to hold.</param>
/// <param name="Description">The summary for this one: which node, which setting, how much.</param>
/// <param name="Runbook">Where it is said what to do.</param>
public sealed record ActiveAlert(string Name, string Severity, string State, DateTimeOffset Since, string Summary, string? Description, string? Runbook);

/// <summary>Alerts; needs the scope <c>system:operate</c>.</summary>
public sealed class AlertsClient
{
    private readonly Sender _sender;

    internal AlertsClient(Sender sender) => _sender = sender;

    /// <summary>Those that fire, or soon do.</summary>
    [Operation("list_alerts")]
    public Task<Answer<ActiveAlerts>> ListAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/alerts", options), ClientJson.Default.ActiveAlerts, cancellation);
}
