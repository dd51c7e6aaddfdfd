using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Cli.Client;

/// <summary><c>--json -</c>: the last line of standard output is one JSON object; <c>--json FILE</c> writes it there.</summary>
internal sealed class JsonResult
{
    private readonly Option<string?> _option = new("--json") { Description = "Where the result goes as one JSON object: - (last line of output) or a file" };

    public void AddTo(Command command) => command.Options.Add(_option);

    public async Task WriteAsync(ParseResult arguments, JsonObject result)
    {
        if (arguments.GetValue(_option) is not { } target)
            return;
        var line = ToLine(result);
        if (target == "-")
            await arguments.InvocationConfiguration.Output.WriteLineAsync(line);
        else
            await File.WriteAllTextAsync(target, line + "\n");
    }

    public static string ToLine(JsonObject result) => result.ToJsonString(JsonSerializerOptions.Default);
}
