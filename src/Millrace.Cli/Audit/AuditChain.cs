using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Millrace.Cli.Client;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;

namespace Millrace.Cli.Audit;

/// <summary>
/// Computes the hash chain of entries again, as far as the API gives what it takes: a link needs the entry before, and other merchants' entries are not
/// shown. An entry is of the caller's merchant or of the installation, which the API does not say: one of the two must fit.
/// </summary>
internal static class AuditChain
{
    private static readonly IReadOnlyDictionary<string, ActorKind> Kinds = new Dictionary<string, ActorKind>(StringComparer.Ordinal)
    {
        ["system"] = ActorKind.System, ["api_key"] = ActorKind.ApiKey, ["operator"] = ActorKind.Operator, ["psp"] = ActorKind.Psp,
    };

    public static async Task<int> TellAsync(MillraceClient client, ParseResult arguments, IReadOnlyList<JsonElement> rows, CancellationToken cancellation)
    {
        var tenant = (await client.GetAsync("/v1/caller", cancellation)).Body.Text("tenant");
        var (fitting, broken) = Check(rows, tenant);
        foreach (var seq in broken)
            await Acting.FailAsync(arguments, string.Create(CultureInfo.InvariantCulture, $"entry {seq} does not follow from the one before: it was changed, or is of another log"), Acting.Failed);
        await arguments.InvocationConfiguration.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"hash chain: {fitting} links fit, {broken.Count} do not, {rows.Count - fitting - broken.Count} cannot be computed since the entry before is not shown to this key. (Every node checks all of them when it reads the log, and so does 'millrace keys list' on the store.)"));
        return broken.Count == 0 ? Acting.Done : Acting.Failed;
    }

    /// <returns>How many links fit, and the entries whose link does not.</returns>
    public static (int Fitting, List<long> Broken) Check(IReadOnlyList<JsonElement> rows, string? tenant)
    {
        var (fitting, broken) = (0, new List<long>());
        AuditEntry? last = null;
        foreach (var row in rows)
        {
            var entry = Read(row);
            if (entry.Seq == (last?.Seq ?? 0) + 1)
            {
                if (entry.Follows(last) || (entry with { Tenant = tenant }).Follows(last))
                    fitting++;
                else
                    broken.Add(entry.Seq);
            }

            last = entry;
        }

        return (fitting, broken);
    }

    private static AuditEntry Read(JsonElement row)
    {
        var actor = row.GetProperty("actor");
        if (!Kinds.TryGetValue(actor.Text("kind") ?? "", out var kind))
            throw new InvalidDataException($"Entry {row.Text("seq")} is by a '{actor.Text("kind")}', which this version does not know: it cannot compute the chain.");
        return new AuditEntry(
            row.GetProperty("seq").GetInt64(), row.GetProperty("at").GetDateTimeOffset().ToUnixTimeMilliseconds(), new Actor(kind, actor.Text("name")),
            null, row.Text("action")!, row.Text("subject")!,
            // As it was stored, byte for byte: it is what was hashed.
            row.GetProperty("detail").GetRawText(), row.Text("chain")!);
    }
}
