using System.CommandLine;
using System.Globalization;
using System.Text;
using Millrace.Cli;
using Millrace.Cli.Client;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>docs/cli.md is made from the tree of commands, and cannot lag behind it.</summary>
public sealed class CommandTableTests
{
    private const string Page = "docs/cli.md";

    // Of many commands: described once.
    private static readonly string[] Shared = ["--url", "--key", "--timeout", "--curl", "--output", "--watch", "--every", "--dry-run", "--idempotency-key", "--json"];

    // By default as many as the machine has cores.
    private static readonly string[] OfTheMachine = ["--threads"];

    private const string Introduction = """
        # The command line

        Made from the commands themselves (`UPDATE_DOCS=1 ./millrace test`). `millrace COMMAND --help` says the same; `source <(millrace completions bash)` (or zsh, fish) completes it.

        Data goes to standard output, everything else to standard error; `NO_COLOR` is honored, and a pipe gets no colors. `MILLRACE_URL` and `MILLRACE_KEY` say which server is asked, and as whom.

        ```sh
        millrace orders watch ord_… --until confirmed        # ends when it is, or with exit code 1 when it ends otherwise
        millrace orders list --attention true -o ndjson | jq -r .id
        millrace parked list && millrace parked retry --code poison --rate 5 --dry-run
        millrace orders place --line MUG:2 --customer c-1 --curl   # the same as a curl command
        millrace doctor --data DIR --url "$MILLRACE_URL"     # what is not well, why it matters, and what mends it
        ```

        `--dry-run` prints what would be asked and asks nothing that changes anything. First it looks whether the key has the scope, what would be changed is there, and its state allows the change; the exit code is the one that the change would
        have, as far as that can be seen before. `--watch` of a list prints, into a pipe, only the rows that are new or have changed.

        `audit list --check` computes the hash chain again between entries that follow on each other; entries of other merchants are not shown to a key, and links over them are counted as not computed (every node checks all of them when it reads the log, and so does `keys list` on the store).
        `plan` starts from the figures of [performance.md](performance.md), shows each of them with its source, and each result with its formula.


        """;

    [Fact]
    public async Task Every_command_and_option_is_in_the_table()
    {
        var text = Render();
        var file = Path.Combine(Repository.Root, Page);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(file, text);
        Assert.True(File.Exists(file), $"{Page} is missing: run once with UPDATE_DOCS=1.");
        Assert.Equal(text, await File.ReadAllTextAsync(file));
    }

    private static string Render()
    {
        var leaves = UsageTests.Leaves(CommandLine.Create()).ToList();
        var text = new StringBuilder(Introduction).Append("## Exit codes\n\n| code | meaning |\n|---|---|\n");
        foreach (var (code, meaning) in Acting.Codes)
            text.Append(CultureInfo.InvariantCulture, $"| {code} | {meaning} |\n");
        text.Append("\n## Options of many commands\n\n| option | what it does |\n|---|---|\n");
        foreach (var name in Shared)
        {
            var option = leaves.SelectMany(leaf => leaf.Command.Options).First(o => o.Name == name);
            text.Append(null, $"| {Names(option)} | {Cell(option.Description)}{Default(option)} |\n");
        }

        foreach (var noun in leaves.GroupBy(leaf => leaf.Path[0], StringComparer.Ordinal))
        {
            text.Append(null, $"\n## {noun.Key}\n\n{CommandLine.Create().Subcommands.First(c => c.Name == noun.Key).Description}\n\n| command | what it does | options of its own | and |\n|---|---|---|---|\n");
            foreach (var (path, command) in noun)
                text.Append(null, $"| `{Usage(path, command)}`{Aliases(command)} | {Cell(command.Description)} | {Own(command)} | {string.Join(' ', Shared.Where(name => command.Options.Any(o => o.Name == name)).Select(name => $"`{name}`"))} |\n");
        }

        return text.ToString();
    }

    private static string Usage(string[] path, Command command) => string.Join(' ',
        [.. path, .. command.Arguments.Select(a => (a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name.ToUpperInvariant()}]" : a.Name.ToUpperInvariant()) + (a.Arity.MaximumNumberOfValues > 1 ? "…" : ""))]);

    private static string Aliases(Command command) => command.Aliases.Count == 0 ? "" : $" (or `{string.Join("`, `", command.Aliases)}`)";

    private static string Own(Command command) => string.Join("<br>",
        command.Options.Where(o => !Shared.Contains(o.Name) && !o.Hidden).Select(o => $"{Names(o)}{(o.Required ? " (needed)" : "")}: {Cell(o.Description)}{Default(o)}"));

    private static string Names(Option option) => string.Join(' ', option.Aliases.Prepend(option.Name).Select(name => $"`{name}`"));

    private static string Cell(string? words) => (words ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Default(Option option) =>
        option.HasDefaultValue && !OfTheMachine.Contains(option.Name) && option.GetDefaultValue() is { } value and not false and not "" ? $" [{Convert.ToString(value, CultureInfo.InvariantCulture)}]" : "";
}
