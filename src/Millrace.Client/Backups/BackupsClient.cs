using Millrace.Client.Json;
using Millrace.Client.Orders;
using Millrace.Client.Sending;

namespace Millrace.Client.Backups;

/// <summary>A backup, and how far it is.</summary>
/// <param name="Status"><c>running</c>, <c>done</c> or <c>failed</c>.</param>
/// <param name="Name">Of its folder, once it is done.</param>
public sealed record Backup(
    string Id, string Status, DateTimeOffset StartedAt, long DoneBytes, long TotalBytes,
    string? Name, DateTimeOffset? TakenAt, long? Bytes, int? Partitions, long? Records, string? Failure);

/// <summary>Backups of the store; needs the scope <c>system:operate</c>.</summary>
public sealed class BackupsClient
{
    private readonly Sender _sender;

    internal BackupsClient(Sender sender) => _sender = sender;

    /// <summary>Begins one; it goes into the folder that the server was started with.</summary>
    [Operation("start_backup")]
    public Task<Answer<Backup>> StartAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/backups", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Backup, cancellation);

    [Operation("get_backup")]
    public Task<Answer<Backup>> GetAsync(string backup, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/backups/{backup}", options), ClientJson.Default.Backup, cancellation);
}
