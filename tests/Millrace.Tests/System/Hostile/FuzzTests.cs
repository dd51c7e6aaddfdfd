using System.Diagnostics;
using System.Globalization;
using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>
/// Requests made from the OpenAPI document, most of them wounded, and others picked by hand. The same each time; <c>FUZZ_CASES=100000</c> for
/// a long run, <c>FUZZ_SEED</c> for another one (docs/hostile-input.md).
/// </summary>
[Collection(OwnProcesses.Name)]
public sealed class FuzzTests(HostileServer server, ITestOutputHelper output) : IClassFixture<HostileServer>
{
    private const int Workers = 4;
    private const int ShortCases = 2_000;
    private readonly Contract _contract = Contract.Read();

    [Fact]
    public async Task Whatever_is_asked_the_answer_is_ours_and_what_is_refused_has_no_effect()
    {
        var (cases, seed) = (Number("FUZZ_CASES", ShortCases), Number("FUZZ_SEED", 1));
        var oracle = new Oracle(_contract, server.Settings.DataDirectory);
        var workers = Enumerable.Range(0, Workers).Select(i => new FuzzWorker(server.Settings.Port, server.Key, (seed * 1_000) + i, _contract, oracle)).ToList();
        try
        {
            foreach (var worker in workers)
                await SupplyAsync(worker);
            var auditBefore = Now().Audit;
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(workers.Select(worker => worker.RunAsync(cases / Workers)));
            output.WriteLine($"{cases} cases, seed {seed}, {clock.Elapsed.TotalSeconds:0.0} s");
            foreach (var (what, count) in oracle.Seen)
                output.WriteLine($"{count,8} {what}");

            await server.RestAsync();
            await OnlyWhatWasAcceptedIsThereAsync(workers);
            Assert.InRange(Now().Audit - auditBefore, 0, workers.Sum(w => w.Administered));
            output.WriteLine($"{await RefusedAgainAsync(workers)} refused once more at rest: no effect");
            await server.NewOrderAsync();
        }
        finally
        {
            foreach (var worker in workers)
                worker.Dispose();
        }
    }

    [Fact]
    public async Task What_has_hurt_others_is_refused_as_it_should_be_and_has_no_effect()
    {
        var (sku, order) = await server.NewOrderAsync();
        await server.RestAsync();
        var oracle = new Oracle(_contract, server.Settings.DataDirectory);
        var before = Now();
        var wrong = new List<string>();
        var cases = new HandPicked(server.Key, server.Reader, order, sku).All().ToList();
        foreach (var hostile in cases)
        {
            // A connection of its own: whatever comes after the answer would be taken for another.
            using var http = new RawHttp(server.Settings.Port);
            var answer = await http.SendAsync(hostile.Bytes);
            try
            {
                var code = hostile.Status is 0 or 505 ? null : oracle.Check(answer, hostile.Code is null, isHead: false, () => hostile.Name)?.GetProperty("code").GetString();
                if ((answer.Status, code) != (hostile.Status, hostile.Code) || http.HasMore)
                    wrong.Add($"{hostile.Name}: {hostile.Status} {hostile.Code} expected, {answer}");
            }
            catch (InvalidOperationException broken)
            {
                wrong.Add(broken.Message);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, Now());
        output.WriteLine($"{cases.Count} cases");
    }

    private StoreState Now() => StoreState.Read(server.Settings.DataDirectory);

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : otherwise;

    private async Task SupplyAsync(FuzzWorker worker)
    {
        for (var i = 0; i < 2; i++)
        {
            var (sku, order) = await server.NewOrderAsync();
            worker.World.Skus.Add(sku);
            worker.World.Orders.Add(order);
        }

        var made = await server.Api.PostAsync("/v1/api-keys", $$"""{"name":"{{Guid.NewGuid()}}","scopes":["orders:read"]}""", Guid.NewGuid().ToString());
        Assert.Equal(201, made.Status);
        worker.World.Keys.Add(made.Id());
    }

    private async Task OnlyWhatWasAcceptedIsThereAsync(List<FuzzWorker> workers)
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        for (var next = "/v1/orders?limit=200"; next is not null;)
        {
            var page = await server.Api.GetAsync(next);
            there.UnionWith(page["data"].AsArray().Select(order => (string)order!["id"]!));
            next = (bool)page["has_more"] ? $"/v1/orders?limit=200&cursor={(string)page["next_cursor"]!}" : null;
        }

        Assert.Equal(workers.SelectMany(w => w.Placed).Concat(server.Made).Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
        var changed = workers.SelectMany(w => w.Changed).GroupBy(c => c.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(c => c.Value), StringComparer.Ordinal);
        foreach (var (id, changes) in await ChangedByJobsAsync(workers))
            changed[id] = changed.GetValueOrDefault(id) + changes;
        foreach (var id in workers.SelectMany(w => w.World.Orders).Distinct(StringComparer.Ordinal))
        {
            var events = (await server.Api.GetAsync($"/v1/orders/{id}/events"))["data"].AsArray();
            // Of one decision all have its time.
            var commanded = events.Where(e => (string)e!["actor"]!["kind"]! == "api_key").Select(e => (string)e!["at"]!).Distinct(StringComparer.Ordinal).Count();
            Assert.InRange(commanded, 1, 1 + changed.GetValueOrDefault(id));
        }
    }

    // A release may be of every hold of the order.
    private async Task<Dictionary<string, int>> ChangedByJobsAsync(List<FuzzWorker> workers)
    {
        var changed = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var job in workers.SelectMany(w => w.Jobs))
        {
            var most = (await server.Api.GetAsync("/v1/jobs/" + job)).Text("action") == "release" ? OrderDecider.MaxHolds : 1;
            for (var next = $"/v1/jobs/{job}/results?limit=200"; next is not null;)
            {
                var page = await server.Api.GetAsync(next);
                foreach (var row in page["data"].AsArray())
                    changed[(string)row!["order"]!] = changed.GetValueOrDefault((string)row["order"]!) + most;
                next = (bool)page["has_more"] ? $"/v1/jobs/{job}/results?limit=200&cursor={(string)page["next_cursor"]!}" : null;
            }
        }

        return changed;
    }

    /// <summary>With nobody else there, not a row may be added.</summary>
    private async Task<int> RefusedAgainAsync(List<FuzzWorker> workers)
    {
        var sent = 0;
        var before = Now();
        foreach (var worker in workers)
        {
            foreach (var request in worker.Refused.ToList())
            {
                var status = await worker.SendAsync(request, -1);
                Assert.True(status is >= 400 and < 500, $"Accepted the second time: {request}");
                sent++;
            }
        }

        Assert.Equal(before, Now());
        return sent;
    }
}
