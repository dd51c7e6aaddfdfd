using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Alerts;

/// <summary><c>millrace alerts list</c>: what the installation's monitoring says is wrong. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class AlertsCommand
{
    public static Command Create() => new("alerts", "See what the monitoring says is wrong")
    {
        Reading.Create("list", "List the alerts that fire, or soon do; the server must know its Prometheus (serve --prometheus-url)", [], _ => ApiRequest.Get("/v1/alerts"),
            static async (client, request, _, cancellation) => (await client.SendAsync(request, cancellation)).Body is var alerts && alerts.GetProperty("rules").GetInt32() == 0
                ? throw new InvalidOperationException("nobody watches: the server knows no Prometheus that evaluates the rules of deploy/prometheus (serve --prometheus-url).")
                : new Shown.Many(alerts.Rows(), ["name", "severity", "state", "since", "description", "runbook"])),
    };
}
