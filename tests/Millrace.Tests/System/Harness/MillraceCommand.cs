using System.Text.Json.Nodes;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary><c>millrace</c> with a command that ends by itself.</summary>
internal static class MillraceCommand
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <returns>The last line that it printed: its result.</returns>
    public static async Task<JsonObject> RunAsync(int exit, params string[] arguments)
    {
        await using var process = new ChildProcess(MillraceExecutable.With(arguments));
        var code = await process.ExitAsync(Patience);
        Assert.True(code == exit, process.Words);
        return JsonNode.Parse(process.Output.Last())!.AsObject();
    }
}
