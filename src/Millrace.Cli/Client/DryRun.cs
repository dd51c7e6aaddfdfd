using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;

namespace Millrace.Cli.Client;

/// <summary><c>--dry-run</c>: prints what would be asked, and checks first what can be known without changing anything.</summary>
internal sealed class DryRun
{
    private readonly Option<bool> _option = new("--dry-run") { Description = "Check, print what would be asked, and change nothing" };

    public void AddTo(Command command) => command.Options.Add(_option);

    public bool IsAsked(ParseResult arguments) => arguments.GetValue(_option);

    /// <summary>Checks a change and says what was looked at.</summary>
    /// <returns>The exit code that the change would have, as far as that can be seen.</returns>
    public static async Task<int> CheckAsync(MillraceClient client, ParseResult arguments, Change change, CancellationToken cancellation)
    {
        if (await LackAsync(client, change.Needs, cancellation) is { } lack)
            return await RefuseAsync(arguments, lack, Acting.NotAllowed);
        var (objection, isLooked) = await LookAsync(client, change, cancellation);
        if (objection is not null)
            return await RefuseAsync(arguments, objection, change.ObjectionExit);
        await SayAsync(arguments, isLooked ? "the key's scopes, and what it concerns" : "the key's scopes");
        return Acting.Done;
    }

    /// <returns>What the key lacks; null for nothing.</returns>
    public static async Task<string?> LackAsync(MillraceClient client, Scopes needs, CancellationToken cancellation)
    {
        var caller = (await client.GetAsync("/v1/caller", cancellation)).Body;
        var scopes = ScopeNames.Known(caller.Find("scopes") is { } names ? names.EnumerateArray().Select(name => name.GetString()!) : []);
        return scopes.HasFlag(needs) ? null : $"the key lacks the scope {string.Join(", ", ScopeNames.Of(needs))}.";
    }

    /// <returns>What speaks against the change, and whether all that it concerns could be seen.</returns>
    /// <exception cref="ApiException">It is not there.</exception>
    public static async Task<(string? Objection, bool IsLooked)> LookAsync(MillraceClient client, Change change, CancellationToken cancellation)
    {
        var isLooked = change.Subjects.Count > 0;
        foreach (var subject in change.Subjects)
        {
            try
            {
                if (change.Objection((await client.GetAsync(subject.Path, cancellation)).Body) is { } objection)
                    return (objection, true);
            }
            catch (ApiException missing) when (missing.Status == 404 && subject.Missing is not null)
            {
                return (subject.Missing, true);
            }
            catch (ApiException hidden) when (hidden.Status == 403)
            {
                // Who may change it need not be allowed to see it.
                isLooked = false;
            }
        }

        return (null, isLooked);
    }

    /// <summary>What would be asked, as an object.</summary>
    public static JsonElement Describe(Uri server, ApiRequest request) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["method"] = request.Method.Method,
        ["url"] = request.At(server).AbsoluteUri,
        ["idempotency_key"] = request.IdempotencyKey,
        ["body"] = request.Body is { Length: > 0 } body ? JsonNode.Parse(body) : null,
    });

    public static Task SayAsync(ParseResult arguments, string looked) =>
        arguments.InvocationConfiguration.Error.WriteLineAsync($"dry run: nothing was changed. Looked at: {looked}.");

    private static Task<int> RefuseAsync(ParseResult arguments, string why, int exit) => Acting.FailAsync(arguments, $"dry run: it would be refused: {why}", exit);
}
