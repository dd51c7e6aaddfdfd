using System.CommandLine;
using Millrace.Engine.Journal;

namespace Millrace.Cli.Serve;

/// <summary><c>millrace serve</c>: one node until SIGTERM or Ctrl-C, then flushed and released.</summary>
internal static class ServeCommand
{
    private const string WebhookSecretVariable = "MILLRACE_PSP_WEBHOOK_SECRET";

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Data folder; made when missing.", Required = true };
        var url = new Option<string>("--urls") { Description = "Where the API listens.", DefaultValueFactory = _ => NodeOptions.DefaultUrl };
        var management = new Option<string?>("--management-urls") { Description = "Where /metrics and probes listen; default: the API's listener, loopback only." };
        var partitions = new Option<int?>("--partitions") { Description = "Partitions of a new store, 1 to 4096; fixed for its life. Default 64." };
        var psp = new Option<string>("--psp") { Description = "Base URL of the PSP, or 'instant': in-process, approves everything, moves no money.", DefaultValueFactory = _ => "instant" };
        var noop = new Option<bool>("--bench-noop") { Description = "Serve POST /v1/_noop, the benchmark's yardstick." };
        var command = new Command("serve", "Serve the API from a data folder.") { data, url, management, partitions, psp, noop };
        command.SetAction(async (parsed, cancellation) =>
        {
            Uri? pspUrl = null;
            var pspText = parsed.GetValue(psp)!;
            if (pspText != "instant" && (!Uri.TryCreate(pspText, UriKind.Absolute, out pspUrl) || pspUrl.Scheme is not ("http" or "https")))
                return Fail($"--psp '{pspText}' is neither 'instant' nor an http URL.", 2);
            if (pspUrl is null)
                await Console.Error.WriteLineAsync("Payments are simulated in this process: every authorization succeeds, no money moves. Set --psp URL for a real one.");
            return await RunAsync(new NodeOptions
            {
                DataDirectory = parsed.GetValue(data)!,
                Url = parsed.GetValue(url)!,
                ManagementUrl = parsed.GetValue(management),
                Partitions = parsed.GetValue(partitions),
                Psp = pspUrl,
                PspWebhookSecret = Environment.GetEnvironmentVariable(WebhookSecretVariable),
                HasNoopEndpoint = parsed.GetValue(noop),
            }, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(NodeOptions options, CancellationToken cancellation)
    {
        try
        {
            await using var app = Node.Build(options);
            await app.StartAsync(cancellation);
            await Console.Error.WriteLineAsync($"millrace serves {string.Join(' ', app.Urls)} from {Path.GetFullPath(options.DataDirectory)}");
            await app.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (StoreRefusedException refused)
        {
            return Fail(refused.Message, 1);
        }
        catch (IOException failure) when (failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return Fail(failure.Message, 1);
        }
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine($"millrace: {message}");
        return code;
    }
}
