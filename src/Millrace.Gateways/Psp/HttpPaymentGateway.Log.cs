using Microsoft.Extensions.Logging;

namespace Millrace.Gateways.Psp;

public sealed partial class HttpPaymentGateway
{
    [LoggerMessage(1, LogLevel.Warning, "The payment provider at {Address} keeps failing; no calls for {Break}.")]
    private static partial void LogOpened(ILogger log, Uri address, TimeSpan @break);

    [LoggerMessage(2, LogLevel.Information, "The payment provider at {Address} answers again.")]
    private static partial void LogClosed(ILogger log, Uri address);

    [LoggerMessage(3, LogLevel.Error, "Payment {Key} met a fault in the gateway.")]
    private static partial void LogFault(ILogger log, string key, Exception exception);
}
