using System.Diagnostics;
using System.Text.Json.Nodes;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>What is printed for a shell, in a real one.</summary>
[Collection(CliServers.Name)]
public sealed class ShellTests(CliServer server)
{
    [Fact]
    public async Task What_curl_shows_is_what_the_command_would_have_done()
    {
        var sku = await server.NewItemAsync();
        // A name that a shell would trip over.
        const string customer = "it's $HOME \"and\" `more`";
        var shown = await server.RunAsync(0, "orders", "place", "--line", sku + ":2", "--customer", customer, "--idempotency-key", "by-curl", "--wait", "30", "--curl");
        var order = JsonNode.Parse((await BashAsync(shown.Output)).Last())!;
        Assert.Equal(("confirmed", customer, 500), ((string)order["status"]!, (string)order["customer"]!["id"]!, (int)order["total"]!));
        // The command itself, under the same key, is a repeat.
        var same = await server.RunAsync(0, "orders", "place", "--line", sku + ":2", "--customer", customer, "--idempotency-key", "by-curl", "--wait", "30", "-o", "json");
        Assert.Equal((string)order["id"]!, (string)same.Json["id"]!);
        Assert.Contains("used before", same.Errors, StringComparison.Ordinal);
        var listed = await server.RunAsync(0, "orders", "get", (string)order["id"]!, "--curl");
        Assert.Equal((string)order["id"]!, (string)JsonNode.Parse((await BashAsync(listed.Output)).Last())!["id"]!);
    }

    [Theory]
    [InlineData("millrace or", 1, "orders")]
    [InlineData("millrace orders ", 2, "get list watch place cancel retry")]
    [InlineData("millrace orders list --st", 3, "--status")]
    [InlineData("millrace orders get ord_1 -o ", 5, "table json ndjson")]
    [InlineData("millrace orders watch ord_1 --until c", 5, "confirmed completed canceled")]
    [InlineData("millrace tenants limits ", 3, "get set")]
    public async Task Bash_completes_from_the_tree_of_commands(string line, int word, string expected)
    {
        var program = MillraceExecutable.With();
        var script = (await CliRun.OfAsync(0, "completions", "bash")).Output;
        // What bash sets before it calls the function that is registered.
        var call = $$"""
            millrace() { '{{program.FileName}}'{{string.Concat(program.ArgumentList.Select(argument => $" '{argument}'"))}} "$@"; }
            {{script}}
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_CWORD={{word}}
            IFS=' ' read -ra COMP_WORDS <<<"$COMP_LINE"; COMP_WORDS[COMP_CWORD]="${COMP_WORDS[COMP_CWORD]:-}"
            registered="$(complete -p millrace)"; registered="${registered##*-F }"
            "${registered%% *}"
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        var offered = await BashAsync(call);
        Assert.Subset(offered.ToHashSet(StringComparer.Ordinal), expected.Split(' ').ToHashSet(StringComparer.Ordinal));
        Assert.DoesNotContain("/h", offered);
        if (!line.EndsWith(' '))
            Assert.All(offered, word => Assert.StartsWith(line.Split(' ')[^1], word, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bash", "-n")]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task Each_shell_reads_its_script(string shell, string check)
    {
        var script = (await CliRun.OfAsync(0, "completions", shell)).Output;
        Assert.Contains("[suggest:", script, StringComparison.Ordinal);
        var program = new[] { "/usr/bin/", "/bin/" }.Select(folder => folder + shell).FirstOrDefault(File.Exists);
        // tests/run installs them.
        Assert.SkipUnless(program is not null || Environment.GetEnvironmentVariable("CI") == "true", $"{shell} is not installed, and its script was not read; on Debian: apt-get install {shell}");
        Assert.True(program is not null, $"{shell} is not installed.");
        var file = Path.Combine(server.Folder, "completions." + shell);
        await File.WriteAllTextAsync(file, script);
        await using var process = new ChildProcess(new ProcessStartInfo(program!, [check, file]));
        Assert.True(await process.ExitAsync() == 0, process.Words);
    }

    private async Task<IReadOnlyCollection<string>> BashAsync(string script)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", script]);
        start.Environment["MILLRACE_KEY"] = server.Key;
        await using var process = new ChildProcess(start);
        Assert.True(await process.ExitAsync() == 0, process.Words);
        return [.. process.Output];
    }
}
