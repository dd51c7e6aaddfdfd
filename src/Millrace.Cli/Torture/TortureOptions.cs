using System.CommandLine;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary>What every torture has: clients, a seed, and a folder that is kept when anything went wrong.</summary>
internal sealed class TortureOptions
{
    private readonly JsonResult _json = new();
    private readonly Option<int> _clients = new("--clients") { Description = "Shoppers at the same time", DefaultValueFactory = _ => 8 };
    private readonly Option<int?> _seed = new("--seed") { Description = "Of the random instants [default: another each time]" };
    private readonly Option<string?> _data = new("--data") { Description = "Empty folder, kept [default: a temporary one]" };

    public delegate Task<JsonObject> Torture(ParseResult arguments, string folder, int clients, int seed, CancellationToken cancellation);

    public void AddTo(Command command, Torture torture)
    {
        _clients.CheckCount();
        command.Add(_clients);
        command.Add(_seed);
        command.Add(_data);
        _json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var isKept = true;
            var folder = arguments.GetValue(_data) is { } given ? Directory.CreateDirectory(given) : Directory.CreateTempSubdirectory("millrace-torture-");
            try
            {
                var result = await torture(arguments, folder.FullName, arguments.GetValue(_clients), arguments.GetValue(_seed) ?? Random.Shared.Next(1_000_000), cancellation);
                await _json.WriteAsync(arguments, result);
                isKept = (long)result["violations"]! > 0 || arguments.GetValue(_data) is not null;
                return (long)result["violations"]! == 0 ? Acting.Done : Acting.Failed;
            }
            finally
            {
                // Whatever went wrong, the store, the provider's record and the clients' are the evidence.
                if (isKept)
                    await Console.Error.WriteLineAsync($"millrace: everything is kept in {folder.FullName}");
                else
                    folder.Delete(recursive: true);
            }
        });
    }
}
