using System.CommandLine;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.PspSimulator;

namespace Millrace.Cli.Psp;

/// <summary><c>millrace psp</c>: the payment service provider simulator, a server of its own.</summary>
public static class PspCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder of its record", Required = true };
        var urls = new Option<string>("--urls") { Description = "Where it listens", DefaultValueFactory = _ => PspServerOptions.DefaultUrls };
        var webhookUrl = new Option<string?>("--webhook-url") { Description = "Where webhooks go, such as http://127.0.0.1:8080/v1/psp/psp/webhooks [default: nowhere]" };
        var webhookSecret = new Option<string?>("--webhook-secret") { Description = "Signs the webhooks [env MILLRACE_PSP_WEBHOOK_SECRET]" };
        var seed = new Option<int?>("--seed") { Description = "Seed of random faults" };
        var untilStdinEnds = new Option<bool>("--until-stdin-ends") { Description = "Ends when its standard input does", Hidden = true };
        var command = new Command("psp", "Run the payment service provider simulator [asks for the key in env MILLRACE_PSP_KEY, if it is set]") { data, urls, webhookUrl, webhookSecret, seed, untilStdinEnds };
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (arguments.GetValue(untilStdinEnds))
                _ = Task.Run(() => CancelAtEndOfInputAsync(stop), CancellationToken.None);
            return await PspServer.RunAsync(OptionsOf(arguments), stop.Token);
        });
        return command;

        PspServerOptions OptionsOf(ParseResult arguments) => new()
            {
                DataDirectory = arguments.GetValue(data)!,
                Urls = arguments.GetValue(urls)!,
                WebhookUrl = arguments.GetValue(webhookUrl) is { } hook ? new Uri(hook) : null,
                // A secret on the command line is seen by every user of the machine.
                WebhookSecret = arguments.GetValue(webhookSecret) ?? Secret.Read("MILLRACE_PSP_WEBHOOK_SECRET"),
                Key = PspKey.Read(),
                Seed = arguments.GetValue(seed),
            };
    }

    private static async Task CancelAtEndOfInputAsync(CancellationTokenSource stop)
    {
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null, stop.Token);

        await stop.CancelAsync();
    }
}
