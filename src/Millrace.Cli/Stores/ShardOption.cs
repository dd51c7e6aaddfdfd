using System.CommandLine;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Stores;

/// <summary><c>--shard NAME="Host=..."</c>, once for each database beside the home one, or <c>MILLRACE_SHARD_NAME</c>.</summary>
internal sealed class ShardOption
{
    /// <summary>Names the store's home, where <c>--postgres</c> does not: a password on the command line is everybody's to read.</summary>
    public const string HomeVariable = "MILLRACE_POSTGRES";

    private const string Variable = "MILLRACE_SHARD_";
    private readonly Option<string[]> _option = new("--shard") { Description = $"NAME=\"Host=...\" of a further database of the store, as often as there are; also {Variable}NAME." };

    public void AddTo(Command command) => command.Options.Add(_option);

    /// <returns>Connection strings by name.</returns>
    /// <exception cref="UsageException">One of them is not of this form.</exception>
    public IReadOnlyDictionary<string, string> Read(ParseResult arguments)
    {
        var shards = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (!((string)variable.Key).StartsWith(Variable, StringComparison.Ordinal))
                continue;
            var name = ((string)variable.Key)[Variable.Length..];
            var isFile = name.EndsWith(Secret.FileSuffix, StringComparison.Ordinal);
            name = (isFile ? name[..^Secret.FileSuffix.Length] : name).ToLowerInvariant();
            if (!shards.TryAdd(name, isFile ? Secret.ReadFile((string)variable.Key, (string)variable.Value!) : (string)variable.Value!))
                throw new UsageException($"{Variable}{name.ToUpperInvariant()} and the same with {Secret.FileSuffix} are both set: which of them is meant?");
        }

        foreach (var given in arguments.GetValue(_option) ?? [])
        {
            var end = given.IndexOf('=', StringComparison.Ordinal);
            // A connection string that was given without a name has an '=' too.
            if (end < 1 || !given[(end + 1)..].Contains('=', StringComparison.Ordinal))
                throw new UsageException("--shard is NAME=\"Host=...\".");
            Secret.WarnOfPassword(_option.Name, given[(end + 1)..], Variable + given[..end].ToUpperInvariant());
            shards[given[..end]] = given[(end + 1)..];
        }

        return shards;
    }
}
