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
            return (await ListAsync(patience.Token)).ToDictionary(record => record.Id, record => Encoding.UTF8.GetString(record.Body.Span), StringComparer.Ordinal);
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
            foreach (var record in await ListAsync(cancellationToken))
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

    private async Task<List<StoredRecord>> ListAsync(CancellationToken cancellation)
    {
        var all = new List<StoredRecord>();
        while (await records.ListRecordsAsync(RecordKind, all.LastOrDefault()?.Id, IRecords.MaxPage, cancellation) is var page)
        {
            all.AddRange(page);
            if (page.Count < IRecords.MaxPage)
                break;
        }

        return all;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The store did not take this node's version: lists of nodes show none")]
    private static partial void NotNoted(ILogger logger, Exception exception);
}
