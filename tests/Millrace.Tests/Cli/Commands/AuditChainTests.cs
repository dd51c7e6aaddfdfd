using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Cli.Audit;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class AuditChainTests(CliServer server)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Pages_go_on_from_where_a_list_was_told_to_begin()
    {
        await server.RunAsync(0, "tenants", "limits", "set", "acme", "--all-keys", "4000:5000", "--each-key", "4000:5000");
        using var client = new MillraceClient(new Uri(server.Url), server.Key);
        var (rows, _) = await PagedList.ReadAsync(client, ApiRequest.Get("/v1/audit?limit=1&after=1"), "after", 2, TestContext.Current.CancellationToken);
        // Entries of other merchants, which tests beside this one may have made, are passed over.
        Assert.Equal(2, rows.Count);
        Assert.Equal(2, rows[0].GetProperty("seq").GetInt64());
        Assert.InRange(rows[1].GetProperty("seq").GetInt64(), 3, long.MaxValue);
    }

    [Fact]
    public async Task The_chain_of_a_real_log_fits_and_a_changed_or_lost_entry_is_found()
    {
        await server.RunAsync(0, "tenants", "limits", "set", "acme", "--all-keys", "5000:6000", "--each-key", "5000:6000");
        var told = await server.RunAsync(Acting.Done, "audit", "list", "--check", "-o", "ndjson");
        Assert.Matches(@"hash chain: [1-9]\d* links fit, 0 do not, ", told.Errors);
        // As they were written: what is hashed is text.
        var rows = told.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var (fitting, broken) = AuditChain.Check(rows, "acme");
        Assert.Empty(broken);
        // But for those to entries of other merchants, which tests beside this one may have made.
        Assert.InRange(fitting, 3, rows.Count);

        foreach (var (field, value) in new[] { ("subject", "key_other"), ("action", "key.revoked"), ("at", "2026-01-31T12:00:00.000Z") })
        {
            var changed = JsonNode.Parse(rows[1].GetRawText())!;
            changed[field] = value;
            Assert.Equal([2L], AuditChain.Check([rows[0], JsonDocument.Parse(changed.ToJsonString(Relaxed)).RootElement, .. rows.Skip(2)], "acme").Broken);
        }

        // Of another merchant's view nothing fits but what is of the installation; an entry that is left out is not computed.
        Assert.NotEmpty(AuditChain.Check(rows, "stranger").Broken);
        Assert.InRange(AuditChain.Check([rows[0], .. rows.Skip(2)], "acme").Fitting, 0, fitting - 1);
    }
}
