using System.Reflection;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Orleans;

/// <summary>
/// Which version each living node runs: each notes its own in the store when it starts. Not asked of the nodes: one of an earlier version would not understand the question,
/// and that is when it matters.
/// </summary>
/// <param name="records">Of the store.</param>
/// <param name="self">This life of this node, as <see cref="KeyOf"/> names it.</param>
/// <param name="living">Those of the members that are not dead, named the same way.</param>
/// <param name="logger">Is told when the store does not take it.</param>
public sealed partial class NodeVersions(IRecords records, Func<string> self, Func<IReadOnlySet<string>> living, ILogger<NodeVersions> logger) : IHostedService
{
    /// <summary>A stored name; never to change.</summary>
    public const string RecordKind = "node_version";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>This node's own: the product's version, and the commit that it was built from where that is known.</summary>
    public static string Own { get; } = typeof(NodeVersions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Of each life of a node, by its address. Empty while the store does not answer: nodes are looked at all the more then.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            return await records.ListAllAsync(RecordKind, cancellation: patience.Token)
                .ToDictionaryAsync(record => record.Id, record => Encoding.UTF8.GetString(record.Body.Span), StringComparer.Ordinal, patience.Token);
        }
        catch (Exception away) when (away is StoreUnavailableException || (away is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new Dictionary<string, string>(StringComparer.Ordinal);
        }
    }

    internal static string KeyOf(SiloAddress life) => life.ToParsableString();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            // What the dead left is removed by whoever comes next.
            var kept = living();
            await foreach (var record in records.ListAllAsync(RecordKind, cancellation: cancellationToken))
            {
                if (!kept.Contains(record.Id))
                    await records.TryDeleteRecordAsync(RecordKind, record.Id, record.Version, cancellationToken);
            }

            await records.TryWriteRecordAsync(new StoredRecord(RecordKind, self(), 0, Encoding.UTF8.GetBytes(Own)), cancellationToken);
        }
        catch (StoreUnavailableException away)
        {
            NotNoted(logger, away);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The store did not take this node's version: lists of nodes show none")]
    private static partial void NotNoted(ILogger logger, Exception exception);
}
