using System.CommandLine;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Client;

/// <summary>The options that every command has that asks a server: which one, as whom, how long, and whether only to show the request.</summary>
internal sealed class Connection
{
    private const string DefaultUrl = NodeOptions.DefaultUrl;
    private readonly Option<string?> _url = new("--url") { Description = $"The server [env MILLRACE_URL, else {DefaultUrl}]" };
    private readonly Option<string?> _key = new("--key") { Description = "The API key [env MILLRACE_KEY, where other users of the machine cannot read it]" };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "Seconds that a request may take with all its repeats [default: ten repeats, about half a minute]" };
    private readonly Option<bool> _curl = new("--curl") { Description = "Print the request as a curl command, with $MILLRACE_KEY for the key, and do nothing else" };

    public void AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_key);
        command.Options.Add(_timeout);
    }

    /// <summary>Also <c>--curl</c>: of commands that are one request, or begin with one.</summary>
    public void AddWithCurlTo(Command command)
    {
        AddTo(command);
        command.Options.Add(_curl);
    }

    /// <summary>Whether the request is only to be shown.</summary>
    public bool IsShown(ParseResult arguments) => arguments.GetValue(_curl);

    /// <summary>What <c>--curl</c> prints. Needs no key.</summary>
    public int Show(ParseResult arguments, params IEnumerable<ApiRequest> requests)
    {
        foreach (var request in requests)
            arguments.InvocationConfiguration.Output.WriteLine(Curl.Of(Url(arguments), request));
        return Acting.Done;
    }

    public MillraceClient Open(ParseResult arguments) => new(Url(arguments), Key(arguments)) { Patience = Patience(arguments) };

    public Uri Url(ParseResult arguments)
    {
        var text = arguments.GetValue(_url) ?? Setting("MILLRACE_URL") ?? DefaultUrl;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"'{text}' is no http or https URL.");
    }

    private TimeSpan? Patience(ParseResult arguments) => arguments.GetValue(_timeout) switch
    {
        null => null,
        > 0 and <= 86_400 and { } seconds => TimeSpan.FromSeconds(seconds),
        _ => throw new UsageException($"{_timeout.Name} is a number of seconds, more than 0."),
    };

    private string Key(ParseResult arguments) =>
        arguments.GetValue(_key) ?? Secret.Read("MILLRACE_KEY")
        ?? throw new UsageException("An API key is needed: --key, or MILLRACE_KEY. Make one with: millrace keys create --data DIR --tenant T --name N --scopes admin");

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
