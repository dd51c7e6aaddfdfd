using System.CommandLine;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Client;

/// <summary>The options that say which server is asked, and as whom.</summary>
internal sealed class Connection
{
    private const string DefaultUrl = NodeOptions.DefaultUrl;
    private readonly Option<string?> _url = new("--url") { Description = $"The server [env MILLRACE_URL, else {DefaultUrl}]" };
    private readonly Option<string?> _key = new("--key") { Description = "The API key [env MILLRACE_KEY, where other users of the machine cannot read it]" };

    public void AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_key);
    }

    public MillraceClient Open(ParseResult arguments) => new(Url(arguments), Key(arguments));

    private Uri Url(ParseResult arguments)
    {
        var text = arguments.GetValue(_url) ?? Setting("MILLRACE_URL") ?? DefaultUrl;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException($"'{text}' is no http or https URL.");
    }

    private string Key(ParseResult arguments) =>
        arguments.GetValue(_key) ?? Secret.Read("MILLRACE_KEY")
        ?? throw new UsageException("An API key is needed: --key, or MILLRACE_KEY. Make one with: millrace keys create --data DIR --tenant T --name N --scopes admin");

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
