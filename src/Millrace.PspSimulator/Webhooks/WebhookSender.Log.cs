namespace Millrace.PspSimulator.Webhooks;

internal sealed partial class WebhookSender
{
    [LoggerMessage(1, LogLevel.Debug, "Webhook {Id} was answered {Status}.")]
    private static partial void LogRefused(ILogger log, string id, int status);

    [LoggerMessage(2, LogLevel.Debug, "Webhook {Id} did not arrive: {Error}.")]
    private static partial void LogUnreachable(ILogger log, string id, string error);

    [LoggerMessage(3, LogLevel.Warning, "Webhook {Id} was given up after {Attempts} attempts.")]
    private static partial void LogGivenUp(ILogger log, string id, int attempts);
}
