using System.CommandLine;
using Millrace.Webhooks;

namespace Millrace.Cli.Serve;

/// <summary>Where outgoing webhooks may go beyond public addresses over TLS: <c>--webhooks-allow-private</c>, <c>--webhooks-allow-http</c>.</summary>
internal sealed class WebhookSwitches
{
    private readonly Option<bool> _private = new("--webhooks-allow-private")
    {
        Description = "Webhooks may go to private and loopback addresses: whoever may make an endpoint can have the server ask what only its own network reaches.",
    };

    private readonly Option<bool> _http = new("--webhooks-allow-http") { Description = "Webhooks may go to http URLs: what people order can be read on the way." };

    public void AddTo(Command command)
    {
        command.Options.Add(_private);
        command.Options.Add(_http);
    }

    public WebhookOptions Read(ParseResult parsed) => new() { AllowPrivateAddresses = parsed.GetValue(_private), AllowHttp = parsed.GetValue(_http) };
}
