using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;

namespace Millrace.Cli.Client;

/// <summary>Commands that have somebody, by name, left alone until he is resumed: <c>PUT</c> and <c>DELETE</c> of <c>…/paused</c>.</summary>
internal static class Pausing
{
    public static readonly string[] Columns = ["name", "since", "by", "seen"];

    /// <param name="name">Of the command.</param>
    /// <param name="description">Of the command.</param>
    /// <param name="method">PUT to pause, DELETE to go on.</param>
    /// <param name="who">Whose name it takes.</param>
    /// <param name="root">Where they are, as the API has it.</param>
    /// <param name="doubt">What is said of a name that the asked node has not met.</param>
    public static Command Create(string name, string description, HttpMethod method, Argument<string> who, string root, Func<string, string> doubt) => Mutation.Setting(
        name, description, [who],
        arguments => new Change(new ApiRequest(method, $"{root}/{Uri.EscapeDataString(arguments.GetValue(who)!)}/paused"), Scopes.SystemOperate),
        async (arguments, answer) =>
        {
            var paused = arguments.GetValue(who)!;
            if (method == HttpMethod.Put && answer.Body.Rows().Exists(row => row.Text("name") == paused && row.Find("seen") is { ValueKind: JsonValueKind.False }))
                await arguments.InvocationConfiguration.Error.WriteLineAsync("millrace: " + doubt(paused));
            return (new Shown.Many(answer.Body.Rows(), Columns), Acting.Done);
        });
}
