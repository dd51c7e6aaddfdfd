using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>What a command sends.</summary>
internal readonly record struct Change(HttpMethod Method, string Path, byte[] Body, string? Prefer = null);

/// <summary>A command that changes something: one request under one idempotency key, and the answer shown.</summary>
internal static class Mutation
{
    /// <param name="name">Verb.</param>
    /// <param name="description">For help.</param>
    /// <param name="symbols">Its own arguments and options.</param>
    /// <param name="build">What to send.</param>
    public static Command Create(string name, string description, Symbol[] symbols, Func<ParseResult, Change> build)
    {
        var (connection, output) = (new Connection(), new Output());
        var idempotencyKey = new Option<string?>("--idempotency-key")
        {
            Description = "Names this intent, so that running the command again changes nothing more [default: a new one]",
        };
        var command = new Command(name, description);
        command.AddSymbols(symbols);
        command.Options.Add(idempotencyKey);
        connection.AddTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var client = connection.Open(arguments);
            var change = build(arguments);
            var key = arguments.GetValue(idempotencyKey) ?? "cli-" + Guid.NewGuid().ToString("N");
            var answer = await client.SendAsync(change.Method, change.Path, change.Body, key, cancellation, change.Prefer);
            if (answer.IsReplayed)
                await Console.Error.WriteLineAsync("This key was used before: shown is the first answer, nothing changed.");
            output.WriteOne(arguments, answer.Body);
            return Acting.Done;
        });
        return command;
    }

    public static void AddSymbols(this Command command, IEnumerable<Symbol> symbols)
    {
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }
    }
}
