using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;

namespace Millrace.Api.Backups;

/// <summary>A backup that this process was asked for.</summary>
/// <param name="Id">Names it to whoever asks how far it is.</param>
/// <param name="KeyHash">Of the idempotency key and its tenant.</param>
internal sealed record BackupJob(string Id, UInt128 KeyHash, DateTimeOffset StartedAt, RunningBackup Backup)
{
    public bool IsRunning => !Backup.Result.IsCompleted;

    public void Write(Utf8JsonWriter writer)
    {
        var result = Backup.Result;
        // Asked once: it may end meanwhile.
        var isOver = result.IsCompleted;
        var finished = isOver && result.IsCompletedSuccessfully ? result.Result : null;
        var (done, total) = Backup.Progress();
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteString("status"u8, finished is not null ? "done" : isOver ? "failed" : "running");
        writer.WriteTime("started_at"u8, StartedAt.ToUnixTimeMilliseconds());
        writer.WriteNumber("done_bytes"u8, done);
        writer.WriteNumber("total_bytes"u8, total);
        writer.WriteString("name"u8, finished?.Name);
        writer.WriteTime("taken_at"u8, finished?.TakenAt.ToUnixTimeMilliseconds());
        writer.WriteNumberOrNull("bytes"u8, finished?.Bytes);
        writer.WriteNumberOrNull("partitions"u8, finished?.Partitions);
        writer.WriteNumberOrNull("records"u8, finished?.Records);
        writer.WriteString("failure"u8, !isOver ? null : result.IsCanceled ? "The server stopped." : result.Exception?.InnerException?.Message);
        writer.WriteEndObject();
    }
}
