using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>What somebody reads at night must be there, and must work.</summary>
[Collection(Processes.Name)]
public sealed partial class RunbookTests(Shop shop)
{
    private static readonly string[] Parts = ["## Symptom", "## Check", "## Act", "## Verify"];

    private static IEnumerable<string> Pages => Directory.EnumerateFiles(AlertRules.Runbooks, "*.md").Where(page => Path.GetFileName(page) != "README.md").Order(StringComparer.Ordinal);

    [Fact]
    public void Each_alert_has_its_page_and_each_page_its_alert()
    {
        var linked = AlertRules.Alerts.Select(rule => (Page: rule.Runbook![AlertRules.RunbookAddress.Length..] + ".md", rule.Alert)).Distinct().ToList();
        Assert.Equal(Pages.Select(page => Path.GetFileName(page)!), linked.Select(link => link.Page).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        var list = File.ReadAllText(Path.Combine(AlertRules.Runbooks, "README.md"));
        Assert.All(linked, link =>
        {
            var page = File.ReadAllText(Path.Combine(AlertRules.Runbooks, link.Page));
            Assert.Contains($"`{link.Alert}`", page, StringComparison.Ordinal);
            Assert.Matches($@"\|.*`{link.Alert}`.*\|.*\({Regex.Escape(link.Page)}\) \|", list);
            Assert.Equal(Parts, page.Split('\n').Where(line => line.StartsWith("## ", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void Each_command_of_ours_is_one_and_each_link_leads_somewhere()
    {
        var root = new RootCommand();
        foreach (var command in CommandsOfCli())
            root.Subcommands.Add(command);
        var commands = Pages.SelectMany(page => Blocks(page).SelectMany(block => block.Lines)).SelectMany(line => Ours().Matches(line)).Select(m => m.Value.Trim()).Distinct(StringComparer.Ordinal).ToList();
        Assert.True(commands.Count > 15);
        Assert.All(commands, line => Assert.Empty(root.Parse(line["millrace ".Length..]).Errors));
        Assert.All(Pages, page => Assert.All(
            Link().Matches(File.ReadAllText(page)).Select(m => m.Groups["to"].Value), to => Assert.True(Path.Exists(Path.Combine(AlertRules.Runbooks, to)), $"{page}: {to}")));
    }

    [Fact]
    public async Task What_checks_and_verifies_works_on_a_real_server()
    {
        // Of a series that is not there before its first time.
        await shop.ConfirmedAsync(await shop.NewItemAsync(1));
        var program = MillraceExecutable.With();
        var millrace = $"millrace() {{ '{program.FileName}'{string.Concat(program.ArgumentList.Select(argument => $" '{argument}'"))} \"$@\"; }}\n";
        var key = NewKey.Of(shop.Settings, "operators", Scopes.Admin | Scopes.SystemOperate);
        (await shop.AdmittedAsync(key)).Dispose();
        var lines = Pages.SelectMany(Blocks).Where(block => !block.IsAct).SelectMany(block => block.Lines).Distinct(StringComparer.Ordinal).ToList();
        Assert.True(lines.Count > 30);
        await Parallel.ForEachAsync(lines, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (line, _) =>
        {
            var start = new ProcessStartInfo("/bin/bash", ["-euo", "pipefail", "-c", millrace + line]);
            start.Environment["MILLRACE_URL"] = start.Environment["METRICS"] = shop.Settings.Address.ToString().TrimEnd('/');
            start.Environment["MILLRACE_KEY"] = key;
            start.Environment["DATA"] = shop.Settings.DataDirectory;
            await using var process = new ChildProcess(start);
            Assert.True(await process.ExitAsync() == 0, process.Words);
            Assert.True(process.Output.Count > 0 || line.EndsWith("|| true", StringComparison.Ordinal) || line.Contains("orders list", StringComparison.Ordinal), $"It says nothing: {line}");
        });
    }

    private static IEnumerable<Command> CommandsOfCli() => typeof(NodeOptions).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Command", StringComparison.Ordinal))
        .Select(type => type.GetMethod("Create", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, []))
        .Where(create => create?.ReturnType == typeof(Command))
        .Select(create => (Command)create!.Invoke(null, null)!);

    // "sh" is what anybody may run at any time, "sh act" changes something.
    private static IEnumerable<(bool IsAct, string[] Lines)> Blocks(string page) => Block().Matches(File.ReadAllText(page))
        .Select(m => (m.Groups["act"].Success, m.Groups["lines"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)));

    [GeneratedRegex(@"```sh(?<act> act)?\n(?<lines>.*?)```", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1_000)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<![\w./-])millrace [a-z][^|]*", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Ours();

    [GeneratedRegex(@"\]\((?<to>[^)#:]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Link();
}
