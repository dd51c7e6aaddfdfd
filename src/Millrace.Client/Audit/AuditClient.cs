using System.Text.Json;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Audit;

/// <summary>Something that was done to the installation or to the tenant's keys.</summary>
/// <param name="Detail">Of the action's own form.</param>
/// <param name="Chain">A hash of this entry and all before it.</param>
public sealed record AuditEntry(
    long Seq, DateTimeOffset At, Actor Actor, string Action, string Subject, IReadOnlyDictionary<string, JsonElement> Detail, string Chain);

/// <summary>Who did what.</summary>
public sealed class AuditClient
{
    private readonly Sender _sender;

    internal AuditClient(Sender sender) => _sender = sender;

    /// <summary>One page, oldest first.</summary>
    /// <param name="after">The last entry seen, or <see cref="Page{T}.NextCursor"/>; null from the beginning.</param>
    /// <param name="pageSize">1 to 200.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_audit")]
    public Task<Answer<Page<AuditEntry>>> ListPageAsync(
        string? after = null, int pageSize = 50, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/audit", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("after", after).With("limit", pageSize) }, ClientJson.Default.PageAuditEntry, cancellation);
    }

    /// <summary>All entries, oldest first, read page by page as they are asked for.</summary>
    public IAsyncEnumerable<AuditEntry> ListAsync(int pageSize = 50, CancellationToken cancellation = default) =>
        Pages.AllAsync((cursor, token) => ListPageAsync(cursor, pageSize, null, token), cancellation);
}
