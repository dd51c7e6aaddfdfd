namespace Millrace.Cli.Client;

/// <summary>What a command asks of the API.</summary>
/// <param name="Path">From the root, with its query.</param>
/// <param name="Body">JSON; null for none.</param>
/// <param name="IdempotencyKey">Names the intent of a POST; null for methods that say what shall be.</param>
/// <param name="Prefer">The header of that name.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, byte[]? Body = null, string? IdempotencyKey = null, string? Prefer = null)
{
    /// <summary>Its address; what a server's URL ends with, as behind a proxy, stays in it.</summary>
    public Uri At(Uri server) => new(server.AbsolutePath.EndsWith('/') ? server : new Uri(server.AbsoluteUri + "/"), Path.TrimStart('/'));

    public static ApiRequest Get(string path) => new(HttpMethod.Get, path);

    public static ApiRequest Post(string path, byte[] body) => new(HttpMethod.Post, path, body);
}
