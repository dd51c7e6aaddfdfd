using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Keys;

/// <summary><c>millrace keys create|list|revoke</c>: on the data folder itself, since the first key cannot be asked for with a key.</summary>
public static class KeysCommand
{
    public static Command Create()
    {
        var command = new Command("keys", "Make and withdraw API keys of a data folder");
        command.Subcommands.Add(CreateKey());
        command.Subcommands.Add(List());
        command.Subcommands.Add(Revoke());
        return command;
    }

    private static Command CreateKey()
    {
        var data = DataOption();
        var tenant = new Option<string>("--tenant") { Description = "The merchant: a-z 0-9 _ -", DefaultValueFactory = _ => "default" };
        var name = new Option<string>("--name") { Description = "The program that will hold it", Required = true };
        var scopes = new Option<string>("--scopes") { Description = string.Join(", ", ScopeNames.All) + "; separated by commas", Required = true };
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "When it ends (ISO 8601) [default: never]" };
        var command = new Command("create", "Make a key; its text is shown this once") { data, tenant, name, scopes, expires };
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var (text, key) = new ApiKeyStore(arguments.GetValue(data)!, TimeProvider.System).Create(
                ParseTenant(arguments.GetValue(tenant)!), arguments.GetValue(name)!, ParseScopes(arguments.GetValue(scopes)!), arguments.GetValue(expires));
            await Console.Error.WriteLineAsync($"{key.Id} for '{key.Client}' of '{key.Tenant}'. Keep the text: it cannot be shown again.");
            await Console.Out.WriteLineAsync(text.AsMemory(), cancellation);
            return Acting.Done;
        });
        return command;
    }

    private static Command List()
    {
        var (data, output) = (DataOption(), new Output());
        var command = new Command("list", "Show keys, never their text") { data };
        output.AddTo(command);
        command.SetGuardedAction((arguments, _) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var rows = new ApiKeyStore(arguments.GetValue(data)!, TimeProvider.System).List().Select(key => JsonSerializer.SerializeToElement(new
            {
                id = key.Id,
                tenant = key.Tenant.Value,
                name = key.Client,
                scopes = string.Join(',', ScopeNames.Of(key.Scopes)),
                created_at = key.CreatedAt,
                expires_at = key.ExpiresAt,
                state = key.IsLive(now) ? "live" : key.RevokedAt is null ? "expired" : "revoked",
            }));
            output.WriteMany(arguments, [.. rows], "id", "tenant", "name", "scopes", "created_at", "expires_at", "state");
            return Task.FromResult(Acting.Done);
        });
        return command;
    }

    private static Command Revoke()
    {
        var data = DataOption();
        var id = new Argument<string>("id") { Description = "key_…" };
        var command = new Command("revoke", "Withdraw a key; a running server refuses it within a second") { id, data };
        command.SetGuardedAction(async (arguments, _) =>
        {
            var name = arguments.GetValue(id)!;
            if (new ApiKeyStore(arguments.GetValue(data)!, TimeProvider.System).Revoke(name))
                return Acting.Done;
            await Console.Error.WriteLineAsync($"millrace: there is no live key '{name}' in this data folder.");
            return Acting.Failed;
        });
        return command;
    }

    private static Option<string> DataOption() => new("--data") { Description = "The server's data folder", Required = true };

    private static TenantId ParseTenant(string text) => TenantId.TryParse(text, out var tenant)
        ? tenant
        : throw new UsageException($"'{text}' is no tenant: 1 to {TenantId.MaxLength} characters of a-z 0-9 _ -");

    private static Scopes ParseScopes(string text) =>
        ScopeNames.TryParse(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), out var scopes)
            ? scopes
            : throw new UsageException($"'{text}' are no scopes. There are: {string.Join(", ", ScopeNames.All)}");
}
