using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;

namespace Millrace.Cli.Parked;

/// <summary><c>parked retry</c>: one, some, a group or all, one after the other and not faster than is said.</summary>
internal static class ParkedRetry
{
    private const int MostOrders = 100_000;
    // A timer has no shorter period than a millisecond.
    private const double MostPerSecond = 1_000;
    private const string WouldResume = "would_resume";
    private static readonly string[] Columns = ["id", "outcome", "detail"];

    public static Command Create()
    {
        var ids = new Argument<string[]>("order") { Description = "ord_…, one or more; none with --code or --all", Arity = ArgumentArity.ZeroOrMore };
        var code = new Option<string?>("--code") { Description = "Those of a group, as 'parked list' names it" };
        var all = new Option<bool>("--all") { Description = "Every order that is parked" };
        var rate = new Option<double>("--rate") { Description = "Most orders a second", DefaultValueFactory = _ => 10 };
        var reason = new Option<string?>("--reason") { Description = "Why they may go on" };
        var (connection, output, dryRun) = (new Connection(), new Output(), new DryRun());
        var command = new Command("retry", "Let parked orders go on, the oldest first; exit code 1 when one of them was refused");
        command.AddSymbols([ids, code, all, rate, reason]);
        connection.AddWithCurlTo(command);
        output.AddTo(command);
        dryRun.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var named = arguments.GetValue(ids) ?? [];
            if ((named.Length > 0 ? 1 : 0) + (arguments.GetValue(code) is null ? 0 : 1) + (arguments.GetValue(all) ? 1 : 0) != 1)
                throw new UsageException($"Say which: orders, or {code.Name}, or {all.Name}.");
            if (arguments.GetValue(rate) is not (> 0 and <= MostPerSecond and var perSecond))
                throw new UsageException($"{rate.Name} is more than 0, and {MostPerSecond} at most.");
            if (connection.IsShown(arguments))
            {
                // Which orders a group has is not known before it is asked.
                return named.Length > 0
                    ? connection.Show(arguments, named.Select(id => Resuming(id, arguments.GetValue(reason))))
                    : connection.Show(arguments, ParkedCommand.ListRequest(arguments.GetValue(code)));
            }

            using var client = connection.Open(arguments);
            var orders = named.Length > 0 ? named : await FindAsync(client, arguments, arguments.GetValue(code), cancellation);
            if (orders.Length == 0 && arguments.GetValue(code) is { } group)
                return await Acting.FailAsync(arguments, $"no order is parked for '{group}'; 'parked list' shows the groups.", Acting.NotFound);
            if (dryRun.IsAsked(arguments))
                return await CheckAsync(client, arguments, output, orders, arguments.GetValue(reason), cancellation);
            return await RunAsync(client, arguments, output, orders, perSecond, arguments.GetValue(reason), cancellation);
        });
        return command;
    }

    private static ApiRequest Resuming(string id, string? reason) =>
        ChangeOrder.Resuming(id, reason).Request with { IdempotencyKey = "cli-" + Guid.NewGuid().ToString("N") };

    private static async Task<string[]> FindAsync(MillraceClient client, ParseResult arguments, string? code, CancellationToken cancellation)
    {
        var (orders, hasMore) = await ParkedCommand.ReadAsync(client, ParkedCommand.ListRequest(code), MostOrders, cancellation);
        if (hasMore)
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"More than {MostOrders} are parked: these are the newest; run it again for the rest.");
        return [.. orders.Select(order => order.Text("id")!)];
    }

    private static async Task<int> RunAsync(
        MillraceClient client, ParseResult arguments, Output output, string[] orders, double perSecond, string? reason, CancellationToken cancellation)
    {
        var outcomes = new List<JsonElement>();
        var worst = Acting.Done;
        try
        {
            await Progressing.RunAsync("orders", orders.Length, () => outcomes.Count, async () =>
            {
                using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1 / perSecond));
                foreach (var id in orders)
                {
                    if (outcomes.Count > 0)
                        await pace.WaitForNextTickAsync(cancellation);
                    try
                    {
                        await client.SendAsync(Resuming(id, reason), cancellation);
                        outcomes.Add(Outcome(id, "resumed", null));
                    }
                    catch (ApiException refused) when (!refused.IsTransient && refused.Status is not (401 or 403))
                    {
                        worst = Acting.Failed;
                        outcomes.Add(Outcome(id, refused.Code, refused.Message));
                    }
                }
            }, arguments.InvocationConfiguration.Error);
        }
        finally
        {
            // Also of a run that was stopped: what was done is done.
            output.WriteMany(arguments, outcomes, Columns);
        }

        return worst;
    }

    private static async Task<int> CheckAsync(
        MillraceClient client, ParseResult arguments, Output output, string[] orders, string? reason, CancellationToken cancellation)
    {
        if (await DryRun.LackAsync(client, Scopes.OpsWrite, cancellation) is { } lack)
            return await Acting.FailAsync(arguments, $"dry run: it would be refused: {lack}", Acting.NotAllowed);
        var outcomes = new List<JsonElement>();
        foreach (var id in orders)
            outcomes.Add(await LookAsync(id));
        await DryRun.SayAsync(arguments, "the key's scopes, and each order");
        output.WriteMany(arguments, outcomes, Columns);
        return outcomes.TrueForAll(o => o.Text("outcome") == WouldResume) ? Acting.Done : Acting.Failed;

        async Task<JsonElement> LookAsync(string id)
        {
            try
            {
                var (objection, _) = await DryRun.LookAsync(client, ChangeOrder.Resuming(id, reason), cancellation);
                return Outcome(id, objection is null ? WouldResume : "would_be_refused", objection);
            }
            catch (ApiException refused) when (!refused.IsTransient)
            {
                return Outcome(id, refused.Code, refused.Message);
            }
        }
    }

    private static JsonElement Outcome(string id, string outcome, string? detail) => JsonSerializer.SerializeToElement(new { id, outcome, detail });
}
