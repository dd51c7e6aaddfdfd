namespace Millrace.Webhooks;

/// <summary>Where an operator lets webhooks go, beyond public addresses over TLS.</summary>
public sealed record WebhookOptions
{
    /// <summary>
    /// Private, loopback and link-local addresses are accepted too. Default false: whoever may make an endpoint could else have the server ask what only
    /// its own network should reach.
    /// </summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>http is accepted beside https. Default false: what people order would be readable on its way.</summary>
    public bool AllowHttp { get; init; }
}
