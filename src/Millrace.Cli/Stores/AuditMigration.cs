using Millrace.Api.Caching;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;
using Millrace.Webhooks.Endpoints;

namespace Millrace.Cli.Stores;

/// <summary>Copies the audit log, and with it the API keys, and what tracking links and webhooks are signed with, to another store; a repeat goes on where one stopped.</summary>
internal static class AuditMigration
{
    private const int PageSize = 1_000;

    /// <exception cref="StoreRefusedException">The other store has a log of its own, or the log does not chain.</exception>
    public static async Task RunAsync(IAdministration source, IAdministration target, CancellationToken cancellation)
    {
        AuditEntry? last = null;
        IReadOnlyList<AuditEntry> page;
        do
        {
            page = await source.ReadAuditAsync(last?.Seq ?? 0, PageSize, cancellation);
            foreach (var entry in page)
            {
                if (!entry.Follows(last))
                    throw new StoreRefusedException($"Entry {entry.Seq} of the audit log does not follow from the one before; its rest, with API keys, was not copied.");
                last = entry;
                if (await target.TryAppendAuditAsync(entry, cancellation))
                    continue;
                var there = await target.ReadAuditAsync(entry.Seq - 1, 1, cancellation);
                if (there.Count == 0 || there[0].Chain != entry.Chain)
                    throw new StoreRefusedException("The database has an audit log of its own: migrate into an empty store, and make keys afterwards.");
            }
        }
        while (page.Count == PageSize);
        // Before the database is first served: it would draw secrets of its own, and links to orders, and what receivers of webhooks know us by, would end here.
        await CopySecretAsync(StoreSecret.Name, StoreSecret.NewCandidate(), source, target, cancellation);
        await CopySecretAsync(WebhookSecrets.Name, WebhookSecrets.NewCandidate(), source, target, cancellation);
        await target.RecordKeyUsesAsync(await source.ReadKeyUsesAsync(cancellation), cancellation);
    }

    private static async Task CopySecretAsync(string name, byte[] candidate, IAdministration source, IAdministration target, CancellationToken cancellation)
    {
        var secret = await source.GetSecretAsync(name, candidate, cancellation);
        var taken = await target.GetSecretAsync(name, secret, cancellation);
        if (!secret.AsSpan().SequenceEqual(taken))
            throw new StoreRefusedException($"The database has a secret of its own ('{name}'): migrate into a store that was never served.");
    }
}
