namespace Millrace.PspSimulator.Webhooks;

internal sealed partial class WebhookQueue
{
    [LoggerMessage(1, LogLevel.Warning, "The receiver of webhooks is too slow: {Dropped} dropped so far.")]
    private static partial void LogDropped(ILogger log, long dropped);

    [LoggerMessage(2, LogLevel.Debug, "Sending {Count} held webhooks in disorder.")]
    private static partial void LogHoldOver(ILogger log, int count);

    [LoggerMessage(3, LogLevel.Critical, "Sending webhooks met a fault in the simulator, which now stops.")]
    private static partial void LogBroken(ILogger log, Exception exception);
}
