using System.CommandLine;
using Millrace.Cli.Client;

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
            if (((string)variable.Key).StartsWith(Variable, StringComparison.Ordinal))
                shards[((string)variable.Key)[Variable.Length..].ToLowerInvariant()] = (string)variable.Value!;
        }

        foreach (var given in arguments.GetValue(_option) ?? [])
        {
            var end = given.IndexOf('=', StringComparison.Ordinal);
            // A connection string that was given without a name has an '=' too.
            if (end < 1 || !given[(end + 1)..].Contains('=', StringComparison.Ordinal))
                throw new UsageException("--shard is NAME=\"Host=...\".");
            shards[given[..end]] = given[(end + 1)..];
        }

        return shards;
    }
}
