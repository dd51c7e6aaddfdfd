using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Stores;

/// <summary>Where the files of <see cref="ArchiveCommand"/> are, for those who read orders that are in them.</summary>
internal sealed class ArchiveOption
{
    private readonly Option<string?> _folder = new("--archive")
    {
        Description = "With --postgres: the folder of 'millrace archive', for orders that are in it. Needed once months of orders are archived.",
    };

    public void AddTo(Command command) => command.Options.Add(_folder);

    /// <returns>Null when none was given.</returns>
    /// <exception cref="UsageException">There is no such folder.</exception>
    public string? Read(ParseResult arguments) => arguments.GetValue(_folder) is not { } folder || Directory.Exists(folder)
        ? arguments.GetValue(_folder)
        : throw new UsageException($"There is no folder '{folder}' for the archive.");
}
