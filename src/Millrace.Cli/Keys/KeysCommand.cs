using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Cli.Stores;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Keys;

/// <summary><c>millrace keys create|list|rotate|revoke</c>: on the store itself, since the first key cannot be asked for with a key.</summary>
public static class KeysCommand
{
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);

    // As over HTTP.
    private static readonly TimeSpan MostOverlap = TimeSpan.FromDays(30);

    public static Command Create()
    {
        var command = new Command("keys", "Make and withdraw API keys of a store");
        command.Subcommands.Add(CreateKey());
        command.Subcommands.Add(List());
        command.Subcommands.Add(Rotate());
        command.Subcommands.Add(Revoke());
        return command;
    }

    private static Command CreateKey()
    {
        var tenant = new Option<string>("--tenant") { Description = "The merchant: a-z 0-9 _ -", DefaultValueFactory = _ => "default" };
        var name = new Option<string>("--name") { Description = "The program that will hold it", Required = true };
        var scopes = new Option<string>("--scopes") { Description = string.Join(", ", ScopeNames.All) + "; separated by commas", Required = true };
        var expires = TimeOption.Create("--expires", "When it ends (UTC, ISO 8601) [default: never]");
        var partitions = new Option<int?>("--partitions") { Description = "With --postgres: partitions of the store that an empty database becomes, 1 to 4096; fixed for its life. Default 64." };
        partitions.Check(count => count is < 1 or > OrderId.MaxPartitions ? $"{partitions.Name} is 1 to {OrderId.MaxPartitions}." : null);
        // Before the store is opened, which makes one where there is none.
        name.Check(holder => string.IsNullOrWhiteSpace(holder) ? $"{name.Name} names the program that will hold the key." : null);
        expires.Check(end => end <= TimeProvider.System.GetUtcNow() ? $"{expires.Name}: {end:O} is past." : null);
        var dryRun = new DryRun();
        var command = new Command("create", "Make a key; its text is shown this once") { tenant, name, scopes, expires, partitions };
        dryRun.AddTo(command);
        return OnStore(command, async (administration, arguments, cancellation) =>
        {
            var (merchant, holder, rights) = (ParseTenant(arguments.GetValue(tenant)!), arguments.GetValue(name)!, ParseScopes(arguments.GetValue(scopes)!));
            if (dryRun.IsAsked(arguments))
            {
                var live = administration.Keys.List().Count(key => key.Tenant == merchant && key.Client == holder && IsLive(key));
                return await SayAsync(arguments, live < ApiKeyStore.MaxLivePerClient,
                    $"a key for '{holder}' of '{merchant}' with {string.Join(", ", ScopeNames.Of(rights))}; it has {live} live keys, and may have {ApiKeyStore.MaxLivePerClient}");
            }

            return await TellAsync(arguments, await administration.Keys.CreateAsync(
                merchant, holder, rights, arguments.GetValue(expires), KeyAdministration.Actor, null, cancellation));
        }, dryRun, partitions);
    }

    private static Command List()
    {
        var (output, watching) = (new Output(), new Watching());
        var command = new Command("list", "Show keys, never their text");
        output.AddTo(command);
        watching.AddTo(command);
        return OnStore(command, (administration, arguments, cancellation) => watching.RunAsync(arguments, output, async token =>
        {
            await administration.RefreshAsync(token);
            var now = TimeProvider.System.GetUtcNow();
            var uses = await administration.Keys.ReadUsesAsync(token);
            var rows = administration.Keys.List().Select(key => JsonSerializer.SerializeToElement(new
            {
                id = key.Id,
                tenant = key.Tenant.Value,
                name = key.Client,
                scopes = string.Join(',', ScopeNames.Of(key.Scopes)),
                created_at = key.CreatedAt,
                expires_at = key.ExpiresAt,
                last_used_at = uses.TryGetValue(key.Id, out var at) ? at : (DateTimeOffset?)null,
                state = key.State(now),
            }));
            return new Shown.Many([.. rows], "id", "tenant", "name", "scopes", "created_at", "expires_at", "last_used_at", "state");
        }, cancellation));
    }

    private static Command Rotate()
    {
        var id = new Argument<string>("id") { Description = "key_…" };
        var overlap = DurationOption.Create("--overlap", "How much longer the old key is accepted, as [D.]HH:MM:SS; 30 days at most", DefaultOverlap);
        overlap.Check(time => time > MostOverlap ? $"{overlap.Name} is 0 to 30 days, as [D.]HH:MM:SS." : null);
        var command = new Command("rotate", "Make a key that can do what another can, and let that one end") { id, overlap };
        var dryRun = new DryRun();
        dryRun.AddTo(command);
        return OnStore(command, async (administration, arguments, cancellation) =>
        {
            var length = arguments.GetValue(overlap);
            var name = arguments.GetValue(id)!;
            if (dryRun.IsAsked(arguments))
                return await SayAsync(arguments, IsLive(administration, name), $"another key in place of {name}, which ends after {length}", Acting.NotFound);
            var outcome = await administration.Keys.RotateAsync(name, null, length, KeyAdministration.Actor, null, cancellation);
            return outcome is KeyOutcome.NotFound ? await LackAsync(arguments, name) : await TellAsync(arguments, outcome);
        }, dryRun);
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("id") { Description = "key_…" };
        var command = new Command("revoke", "Withdraw a key; running servers refuse it within a second") { id };
        var dryRun = new DryRun();
        dryRun.AddTo(command);
        return OnStore(command, async (administration, arguments, cancellation) =>
        {
            var name = arguments.GetValue(id)!;
            if (dryRun.IsAsked(arguments))
                return await SayAsync(arguments, IsLive(administration, name), $"{name} withdrawn", Acting.NotFound);
            return await administration.Keys.RevokeAsync(name, null, KeyAdministration.Actor, cancellation) ? Acting.Done : await LackAsync(arguments, name);
        }, dryRun);
    }

    private static bool IsLive(ApiKey key) => key.IsLive(TimeProvider.System.GetUtcNow());

    private static bool IsLive(KeyAdministration administration, string id) => administration.Keys.List().Any(key => key.Id == id && IsLive(key));

    private static Task<int> LackAsync(ParseResult arguments, string id) =>
        Acting.FailAsync(arguments, $"there is no live key '{id}' in this store.", Acting.NotFound);

    private static async Task<int> SayAsync(ParseResult arguments, bool isPossible, string what, int otherwise = Acting.Failed)
    {
        await arguments.InvocationConfiguration.Error.WriteLineAsync($"dry run: nothing was changed. {(isPossible ? "It would be" : "It would be refused")}: {what}.");
        return isPossible ? Acting.Done : otherwise;
    }

    private static async Task<int> TellAsync(ParseResult arguments, KeyOutcome outcome)
    {
        var text = KeyAdministration.Text(outcome);
        var key = ((KeyOutcome.Made)outcome).Key;
        await arguments.InvocationConfiguration.Error.WriteLineAsync($"{key.Id} for '{key.Client}' of '{key.Tenant}'. Keep the text: it cannot be shown again.");
        await arguments.InvocationConfiguration.Output.WriteLineAsync(text);
        return Acting.Done;
    }

    /// <param name="partitions">Of a command that makes the store where there is none.</param>
    private static Command OnStore(Command command, Func<KeyAdministration, ParseResult, CancellationToken, Task<int>> act, DryRun? dryRun = null, Option<int?>? partitions = null)
    {
        var data = new Option<string?>("--data") { Description = "The server's data folder" };
        var postgres = new Option<string?>("--postgres") { Description = $"Connection string of the cluster's (home) database, in place of --data; also {ShardOption.HomeVariable}" };
        command.Options.Add(data);
        command.Options.Add(postgres);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var folder = arguments.GetValue(data);
            var database = folder is null || arguments.GetValue(postgres) is not null ? Secret.Read(arguments, postgres, ShardOption.HomeVariable) : null;
            if (folder is null == database is null)
                throw new UsageException($"Name the store: {data.Name}, or {postgres.Name} ({ShardOption.HomeVariable}).");
            var wanted = partitions is null ? null : arguments.GetValue(partitions);
            if (folder is not null && wanted is not null)
                throw new UsageException($"{partitions!.Name} goes with {postgres.Name}: those of a data folder are fixed by the first 'serve'.");
            // Opening would make a store of a folder that is missing, and only a first key is a reason to.
            var mayMake = partitions is not null && dryRun?.IsAsked(arguments) != true;
            if (folder is not null && !Directory.Exists(folder) && !mayMake)
                throw new InvalidOperationException($"There is no data folder '{folder}'{(partitions is not null ? "; without --dry-run it would be made" : "")}.");
            await using var administration = await KeyAdministration.OpenAsync(folder, database, cancellation, wanted, mayMake, mayUpgrade: dryRun?.IsAsked(arguments) == false);
            if (administration.NewPartitions is { } made)
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"The database was empty and is a store of {made} partitions now; their number is fixed for its life.");
            return await act(administration, arguments, cancellation);
        });
        return command;
    }

    private static TenantId ParseTenant(string text) => TenantId.TryParse(text, out var tenant)
        ? tenant
        : throw new UsageException($"'{text}' is no tenant: 1 to {TenantId.MaxLength} characters of a-z 0-9 _ -");

    private static Scopes ParseScopes(string text) =>
        ScopeNames.TryParse(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), out var scopes)
            ? scopes
            : throw new UsageException($"'{text}' are no scopes. There are: {string.Join(", ", ScopeNames.All)}");
}
