using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Cli.Keys;
using Millrace.Cli.Serve;
using Millrace.Cli.Stores;
using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;

namespace Millrace.Cli.Shards;

/// <summary><c>millrace shards</c>: which database has which partitions, and moving them while nodes serve.</summary>
internal static class ShardsCommand
{
    private delegate Task<int> Work(ParseResult arguments, ShardedStore store, JsonResult json, CancellationToken cancellation);

    public static Command Create() => new("shards", "Show the databases of a store, and move partitions between them") { Show(), Move() };

    private static Command Show()
    {
        var output = new Output();
        var command = new Command("show", "List databases, their partitions and sizes, and the moves under way");
        output.AddTo(command);
        return Over(command, (arguments, store, json, cancellation) => ShowAsync(arguments, output, store, json, cancellation));
    }

    private static async Task<int> ShowAsync(ParseResult arguments, Output output, ShardedStore store, JsonResult json, CancellationToken cancellation)
    {
        var (shards, moves) = await store.ShowAsync(cancellation);
        output.WriteMany(arguments, [.. shards.Select(shard => JsonSerializer.SerializeToElement(new
        {
            name = shard.Name,
            is_reached = shard.Bytes is not null,
            bytes = shard.Bytes,
            partitions = shard.Partitions.Count,
            which = PartitionRanges.Format(shard.Partitions),
        }))], "name", "is_reached", "bytes#", "partitions#", "which");
        foreach (var move in moves)
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"partition {move.Partition} is on its way from {move.Source} to {move.Target} since {move.BeganAt:u}, {move.Stage}; 'shards move' goes on with it");
        await json.WriteAsync(arguments, new JsonObject
        {
            ["scenario"] = "shards show",
            ["shards"] = new JsonArray([.. shards.Select(shard => new JsonObject
            {
                ["name"] = shard.Name,
                ["bytes"] = shard.Bytes,
                ["partitions"] = new JsonArray([.. shard.Partitions.Select(partition => JsonValue.Create(partition))]),
            })]),
            ["moves"] = new JsonArray([.. moves.Select(move => new JsonObject
            {
                ["partition"] = move.Partition, ["source"] = move.Source, ["target"] = move.Target, ["stage"] = move.Stage,
            })]),
        });
        return Acting.Done;
    }

    private static Command Move()
    {
        var partition = new Option<string>("--partition") { Description = "Which, such as 3 or 3,5-7", Required = true };
        var to = new Option<string>("--to") { Description = "The shard's name; 'home' for the database of --postgres", Required = true };
        var command = new Command("move", "Move partitions to another database, while nodes serve or not; run it again after an interruption") { partition, to };
        var dryRun = new DryRun();
        dryRun.AddTo(command);
        return Over(command, async (arguments, store, json, cancellation) =>
        {
            var partitions = PartitionRanges.Parse(arguments.GetValue(partition)!, store.PartitionCount);
            if (dryRun.IsAsked(arguments))
                return await SayAsync(arguments, store, partitions, arguments.GetValue(to)!, cancellation);
            var (reports, target) = (new List<MoveReport>(), arguments.GetValue(to)!);
            using var audit = new AuditLog(store.Administration, TimeProvider.System);
            await Progressing.RunAsync("partitions", partitions.Count, () => reports.Count, async () =>
            {
                foreach (var one in partitions)
                {
                    if (await IsToMoveAsync(store, one, target, cancellation))
                        await audit.AddAsync(() => Moved(one, target), cancellation);
                    reports.Add(await MoveAsync(store, one, target, cancellation));
                }
            });
            var pauses = reports.Where(report => report.PausedMs is not null).Select(report => report.PausedMs!.Value).ToList();
            var moved = reports.Count(report => report.IsMoved);
            Console.Out.WriteLine($"{moved} partitions moved to {target}, {reports.Count - moved} were there; out of both databases for {pauses.DefaultIfEmpty().Max():N0} ms at most");
            await json.WriteAsync(arguments, new JsonObject
            {
                ["scenario"] = "shards move",
                ["moved"] = moved,
                ["orders_copied"] = reports.Sum(report => report.Orders),
                ["out_max_ms"] = Math.Round(pauses.DefaultIfEmpty().Max(), 1),
            });
            return Acting.Done;
        }, new ArchiveOption(), arguments => !dryRun.IsAsked(arguments));
    }

    // Before it is done: it may be recorded and then fail, but not be done unseen. What goes on with a move that was interrupted is recorded once more, as of whoever does.
    private static AuditDraft Moved(int partition, string target) => new(
        KeyAdministration.Actor, null, "partition.moved", partition.ToString(CultureInfo.InvariantCulture), new JsonObject { ["to"] = target }.ToJsonString());

    private static async Task<bool> IsToMoveAsync(ShardedStore store, int partition, string target, CancellationToken cancellation)
    {
        var (shards, moves) = await store.ShowAsync(cancellation);
        return shards.FirstOrDefault(shard => shard.Name == target) is { } there && (!there.Partitions.Contains(partition) || moves.Any(move => move.Partition == partition));
    }

    private static async Task<int> SayAsync(ParseResult arguments, ShardedStore store, IReadOnlyList<int> partitions, string target, CancellationToken cancellation)
    {
        var (shards, moves) = await store.ShowAsync(cancellation);
        if (shards.FirstOrDefault(shard => shard.Name == target) is not { Bytes: not null })
            return await Acting.FailAsync(arguments, $"dry run: it would be refused: there is no shard '{target}', or it cannot be reached.", Acting.Failed);
        foreach (var partition in partitions)
        {
            var from = shards.First(shard => shard.Partitions.Contains(partition)).Name;
            var words = moves.Any(move => move.Partition == partition) ? "its move is under way, and would go on" : from == target ? "it is there" : $"it would move from {from} to {target}";
            await arguments.InvocationConfiguration.Output.WriteLineAsync($"partition {partition}: {words}");
        }

        await DryRun.SayAsync(arguments, "where the partitions are, and whether the database answers");
        return Acting.Done;
    }

    private static async Task<MoveReport> MoveAsync(ShardedStore store, int partition, string target, CancellationToken cancellation)
    {
        const int Tries = 3;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await store.MoveAsync(partition, target, step => Console.Error.WriteLine($"partition {partition}: {step}"), cancellation);
            }
            catch (StoreUnavailableException failure) when (attempt < Tries)
            {
                // A node that waited for the partition may have brought it to its end, or a server was away for a moment.
                await Console.Error.WriteLineAsync($"partition {partition}: {failure.Message} It is tried again.");
            }
        }
    }

    /// <param name="makesShards">Whether an empty database that is given becomes a shard, under that name for good.</param>
    private static Command Over(Command command, Work work, ArchiveOption? archive = null, Func<ParseResult, bool>? makesShards = null)
    {
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of the store's home database; also {ShardOption.HomeVariable}." };
        var shards = new ShardOption();
        var json = new JsonResult();
        command.Options.Add(postgres);
        shards.AddTo(command);
        json.AddTo(command);
        archive?.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var home = Secret.Read(arguments, postgres, ShardOption.HomeVariable)
                ?? throw new UsageException($"--postgres or {ShardOption.HomeVariable} names the store's home database.");
            try
            {
                await using var store = await ShardedStore.OpenAsync(
                    new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = home, MayMake = false, Archive = archive?.Read(arguments) }, MayMakeShards = makesShards?.Invoke(arguments) == true, Shards = shards.Read(arguments) }, cancellation);
                return await work(arguments, store, json, cancellation);
            }
            catch (Exception refused) when (refused is StoreRefusedException or StoreUnavailableException or JournalCorruptException)
            {
                throw new InvalidOperationException(refused.Message, refused);
            }
        });
        return command;
    }
}
