using System.Net.Sockets;
using System.Text.Json;

namespace Millrace.Api.Alerts;

/// <summary>An alert that somebody is told of, or soon is.</summary>
/// <param name="Name">Of its rule.</param>
/// <param name="Severity"><c>page</c> or <c>ticket</c>, as the rule says.</param>
/// <param name="IsFiring">False while its condition holds not for long enough.</param>
/// <param name="Since">When its condition began to hold.</param>
/// <param name="Summary">For people.</param>
/// <param name="Description">The same of this one: which node, which setting, how much; null without.</param>
/// <param name="Runbook">The page that says what to do; null without.</param>
internal sealed record ActiveAlert(string Name, string Severity, bool IsFiring, DateTimeOffset Since, string Summary, string? Description, string? Runbook);

/// <param name="Rules">Alerting rules of ours that are evaluated: with none, no alerts mean nothing.</param>
/// <param name="Active">What fires first, pages before tickets, the oldest first.</param>
internal sealed record AlertState(int Rules, IReadOnlyList<ActiveAlert> Active);

/// <summary>
/// The alerts of <c>deploy/prometheus</c>, as the Prometheus that evaluates them tells them: it is asked while somebody looks, and once in five seconds
/// however many do. Thread-safe.
/// </summary>
internal sealed class AlertSource(Uri? prometheus, TimeProvider time, HttpMessageHandler? connections = null) : IDisposable
{
    // Of the names of rule groups: a Prometheus may look after more than us.
    private const string Ours = "millrace";
    private const int MostAlerts = 200;
    private const int MostBytes = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);
    private static readonly AlertState Unwatched = new(0, []);
    private readonly HttpClient _http = new(connections ?? new SocketsHttpHandler { UseCookies = false }) { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
    private readonly Lock _lock = new();
    private Task<AlertState?>? _reading;
    private long _readAt;

    /// <returns>Null when Prometheus does not answer, or not as it should.</returns>
    public Task<AlertState?> ReadAsync(CancellationToken cancellation)
    {
        if (prometheus is null)
            return Task.FromResult<AlertState?>(Unwatched);
        lock (_lock)
        {
            if (_reading is null || (_reading.IsCompleted && time.GetElapsedTime(_readAt) >= Freshness))
                (_reading, _readAt) = (AskAsync(new Uri(prometheus.AbsoluteUri.TrimEnd('/') + "/api/v1/rules?type=alert")), time.GetTimestamp());
            // For all who wait: it does not end with the one who asked first.
            return _reading.WaitAsync(cancellation);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<AlertState?> AskAsync(Uri rules)
    {
        try
        {
            return (await _http.GetFromJsonAsync(rules, RulesJson.Default.RulesAnswer))?.Data is { } data ? StateOf(data) : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }

    private static AlertState StateOf(RulesData data)
    {
        List<AlertingRule> rules = [.. (data.Groups ?? []).Where(group => group.Name?.StartsWith(Ours, StringComparison.Ordinal) == true).SelectMany(group => group.Rules ?? [])];
        var active = rules.SelectMany(rule => (rule.Alerts ?? []).Select(alert => Of(rule, alert)))
            .OrderBy(alert => !alert.IsFiring).ThenBy(alert => alert.Severity, StringComparer.Ordinal).ThenBy(alert => alert.Since);
        return new AlertState(rules.Count(rule => rule.Health != "err"), [.. active.Take(MostAlerts)]);
    }

    private static ActiveAlert Of(AlertingRule rule, RuleAlert alert) => new(
        rule.Name ?? "", alert.Labels?.GetValueOrDefault("severity") ?? "", alert.State == "firing", alert.ActiveAt,
        alert.Annotations?.GetValueOrDefault("summary") ?? "", alert.Annotations?.GetValueOrDefault("description")?.Trim(), alert.Annotations?.GetValueOrDefault("runbook_url"));
}
