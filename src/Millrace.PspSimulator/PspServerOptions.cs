namespace Millrace.PspSimulator;

/// <summary>What an operator chooses when a simulator starts; faults are set later, over HTTP.</summary>
public sealed record PspServerOptions
{
    /// <summary>Loopback only: a simulator answers anyone who can reach it.</summary>
    public const string DefaultUrls = "http://127.0.0.1:5070";

    /// <summary>Folder of <c>psp.ndjson</c>; made when missing. One process at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Addresses to bind, separated by semicolons. Port 0 takes a free one.</summary>
    public string Urls { get; init; } = DefaultUrls;

    /// <summary>Where webhooks are posted; null sends none. Absolute http or https.</summary>
    public Uri? WebhookUrl { get; init; }

    /// <summary>Shared secret of the webhook signature, at least 16 characters; required with <see cref="WebhookUrl"/>.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>Whoever asks for an operation or for the record must show it, as <c>Authorization: Bearer</c>; null asks nobody.</summary>
    public string? Key { get; init; }

    /// <summary>Seed of every random fault; null takes a new one at each start.</summary>
    public int? Seed { get; init; }

    /// <summary>The clock of key expiry, latency, webhook retries and signatures.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The first option outside of its range, in words, or null.</summary>
    internal string? Fault()
    {
        const int minimumSecretLength = 16;
        if (string.IsNullOrWhiteSpace(DataDirectory))
            return "the data directory must be named.";
        if (string.IsNullOrWhiteSpace(Urls))
            return "at least one URL to bind is needed.";
        if (WebhookUrl is null)
            return null;
        if (!WebhookUrl.IsAbsoluteUri || WebhookUrl.Scheme is not ("http" or "https"))
            return "the webhook URL must be absolute and http or https.";
        return WebhookSecret is { Length: >= minimumSecretLength } ? null : "the webhook secret must have at least 16 characters.";
    }
}
