namespace Millrace.PspSimulator.Record;

internal sealed partial class RecordFile
{
    [LoggerMessage(1, LogLevel.Critical, "The record cannot be written; every request is refused until a restart.")]
    private static partial void LogFailed(ILogger log, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "Cut {Bytes} bytes of an unfinished last line off the record; it was never acknowledged.")]
    private static partial void LogTornTail(ILogger log, long bytes);
}
