using System.Globalization;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A command that is killed leaves nothing running: not its servers, and not the database of another user.</summary>
[Collection(OwnProcesses.Name)]
public sealed class OrphanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_torture_that_is_killed_takes_its_servers_with_it()
    {
        await using var torture = new ChildProcess(MillraceExecutable.With("torture", "cluster", "--faults", "50", "--data", _folder["cluster"]));
        // Two nodes, the provider, and PostgreSQL with processes of its own; each in a group of its own: what a terminal sends at Ctrl-C is for the command, which decides what stops when.
        var started = await Eventually.AsyncOf(() => Task.FromResult(Below(torture.Id)), all => Named(all, "postgres") > 1 && Named(all, "millrace") > 1 && all.TrueForAll(process => Group(process.Id) != Group(torture.Id)), "its servers run");
        torture.Send(Signal.Kill);
        await Eventually.AsyncOf(
            () => Task.FromResult(started.Where(process => Name(process.Id) == process.Name).ToList()), left => left.Count == 0, "all of them are gone");
    }

    private static int Named(List<(int Id, string Name)> processes, string name) => processes.Count(process => process.Name == name);

    private static List<(int Id, string Name)> Below(int parent)
    {
        var found = new List<(int, string)>();
        foreach (var child in Children(parent))
        {
            if (Name(child) is not { } name)
                continue;
            found.Add((child, name));
            found.AddRange(Below(child));
        }

        return found;
    }

    private static List<int> Children(int parent)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{parent}/task").SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            // It has ended.
            return [];
        }
    }

    /// <returns>Null when it has ended.</returns>
    private static string? Group(int id)
    {
        try
        {
            // State, parent and group stand behind the name, which may hold anything.
            return File.ReadAllText($"/proc/{id}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <returns>Null when it has ended.</returns>
    private static string? Name(int id)
    {
        try
        {
            // Who has ended and was not waited for by its new parent has no command line.
            return File.ReadAllText($"/proc/{id}/cmdline").Length > 0 ? File.ReadAllText($"/proc/{id}/comm").Trim() : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
