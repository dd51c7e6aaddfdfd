using System.CommandLine;

namespace Millrace.Cli.Client;

/// <summary>Commands that change something by one request, with what all of them share: the connection, <c>-o</c>, <c>--dry-run</c> and <c>--curl</c>.</summary>
internal static class Mutation
{
    private const int MostOfAKey = 255;

    /// <summary>A POST under an idempotency key; its answer is shown.</summary>
    /// <param name="name">Verb.</param>
    /// <param name="description">For help.</param>
    /// <param name="symbols">Its own arguments and options.</param>
    /// <param name="build">What to send.</param>
    public static Command Create(string name, string description, Symbol[] symbols, Func<ParseResult, Change> build) =>
        Create(name, description, symbols, build, static (_, answer) => Task.FromResult<(Shown, int)>((new Shown.One(answer.Body), Acting.Done)));

    /// <param name="show">What of the answer is shown, and the exit code that it means.</param>
    public static Command Create(
        string name, string description, Symbol[] symbols, Func<ParseResult, Change> build, Func<ParseResult, ApiAnswer, Task<(Shown Shown, int Exit)>> show)
    {
        var idempotencyKey = new Option<string?>("--idempotency-key")
        {
            Description = "Names this intent, so that running the command again changes nothing more [default: a new one]",
        };
        // A header has no others; as a failure to send it would be repeated.
        idempotencyKey.Check(key => key is "" or { Length: > MostOfAKey } || key.AsSpan().ContainsAnyExceptInRange(' ', '~') ? $"{idempotencyKey.Name} is 1 to {MostOfAKey} printable ASCII characters." : null);
        return Setting(name, description, [.. symbols, idempotencyKey], arguments =>
        {
            var change = build(arguments);
            return change with { Request = change.Request with { IdempotencyKey = arguments.GetValue(idempotencyKey) ?? "cli-" + Guid.NewGuid().ToString("N") } };
        }, show);
    }

    /// <summary>A PUT or DELETE: it says what shall be, so that a repeat needs no key.</summary>
    public static Command Setting(string name, string description, Symbol[] symbols, Func<ParseResult, Change> build) =>
        Setting(name, description, symbols, build, static (_, answer) => Task.FromResult<(Shown, int)>((new Shown.One(answer.Body), Acting.Done)));

    /// <param name="show">What of the answer is shown, and the exit code that it means.</param>
    public static Command Setting(
        string name, string description, Symbol[] symbols, Func<ParseResult, Change> build, Func<ParseResult, ApiAnswer, Task<(Shown Shown, int Exit)>> show)
    {
        var (connection, output, dryRun) = (new Connection(), new Output(), new DryRun());
        var command = new Command(name, description);
        command.AddSymbols(symbols);
        connection.AddWithCurlTo(command);
        output.AddTo(command);
        dryRun.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var change = build(arguments);
            if (connection.IsShown(arguments))
                return connection.Show(arguments, change.Request);
            using var client = connection.Open(arguments);
            if (dryRun.IsAsked(arguments))
            {
                var described = DryRun.Describe(connection.Url(arguments), change.Request);
                if (await DryRun.CheckAsync(client, arguments, change, cancellation) is not Acting.Done and var refused)
                    return refused;
                output.WriteOne(arguments, described);
                return Acting.Done;
            }

            var answer = await client.SendAsync(change.Request, cancellation);
            if (answer.IsReplayed)
                await arguments.InvocationConfiguration.Error.WriteLineAsync("This key was used before: shown is the first answer, nothing changed.");
            var (shown, exit) = await show(arguments, answer);
            output.Write(arguments, shown);
            return exit;
        });
        return command;
    }
}
