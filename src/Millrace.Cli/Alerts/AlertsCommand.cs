using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Alerts;

/// <summary><c>millrace alerts list</c>: what the installation's monitoring says is wrong. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class AlertsCommand
{
    public static Command Create() => new("alerts", "See what the monitoring says is wrong")
    {
        Reading.Rows("list", "List the alerts that fire, or soon do; the server must know its Prometheus (serve --prometheus-url)", [], _ => ApiRequest.Get("/v1/alerts"),
            "name", "severity", "state", "since", "summary", "runbook"),
    };
}
