using System.CommandLine;
using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>Commands that read from the server, with what all of them share: the connection, <c>-o</c>, <c>--watch</c> and <c>--curl</c>.</summary>
internal static class Reading
{
    /// <param name="name">Verb.</param>
    /// <param name="description">For help.</param>
    /// <param name="symbols">Its own arguments and options.</param>
    /// <param name="ask">The request, or the first of them: checked before anything is asked.</param>
    /// <param name="read">Reads what is shown, beginning with that request.</param>
    public static Command Create(
        string name, string description, Symbol[] symbols, Func<ParseResult, ApiRequest> ask, Func<MillraceClient, ApiRequest, ParseResult, CancellationToken, Task<Shown>> read)
    {
        var watching = new Watching();
        var command = Create(name, description, symbols, ask, (client, request, arguments, output, cancellation) =>
            watching.RunAsync(arguments, output, token => read(client, request, arguments, token), cancellation));
        watching.AddTo(command);
        return command;
    }

    /// <summary>A command that ends otherwise than after one reading.</summary>
    public static Command Create(
        string name, string description, Symbol[] symbols, Func<ParseResult, ApiRequest> ask, Func<MillraceClient, ApiRequest, ParseResult, Output, CancellationToken, Task<int>> run)
    {
        var (connection, output) = (new Connection(), new Output());
        var command = new Command(name, description);
        command.AddSymbols(symbols);
        connection.AddWithCurlTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var request = ask(arguments);
            if (connection.IsShown(arguments))
                return connection.Show(arguments, request);
            using var client = connection.Open(arguments);
            return await run(client, request, arguments, output, cancellation);
        });
        return command;
    }

    /// <summary>One object.</summary>
    public static Command One(string name, string description, Symbol[] symbols, Func<ParseResult, ApiRequest> ask) =>
        Create(name, description, symbols, ask, static async (client, request, _, cancellation) => new Shown.One((await client.SendAsync(request, cancellation)).Body));

    /// <summary>A list that comes whole.</summary>
    public static Command Rows(string name, string description, Symbol[] symbols, Func<ParseResult, ApiRequest> ask, params string[] columns) =>
        Create(name, description, symbols, ask, async (client, request, _, cancellation) => new Shown.Many((await client.SendAsync(request, cancellation)).Body.Rows(), columns));

    /// <summary>The objects of a list's answer.</summary>
    public static List<JsonElement> Rows(this JsonElement body) =>
        body.Find("data") is { ValueKind: JsonValueKind.Array } data ? [.. data.EnumerateArray()] : [];

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
