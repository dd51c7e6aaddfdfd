using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <summary>Another server, as an option names it.</summary>
internal static class HttpUrl
{
    /// <exception cref="UsageException">It is no absolute URL of http or https.</exception>
    public static Uri Parse(string option, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : throw new UsageException($"{option} '{text}' is no http URL.");
}
