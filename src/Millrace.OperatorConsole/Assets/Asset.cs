using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Millrace.OperatorConsole.Assets;

/// <summary>Scripts, styles and pictures, in the assembly. Their addresses hold their hash, so a browser may keep them for ever.</summary>
internal sealed class Asset
{
    private static readonly FrozenDictionary<string, Asset> All = typeof(Asset).Assembly.GetManifestResourceNames()
        .Select(name => new Asset(name)).ToFrozenDictionary(asset => asset._name, StringComparer.Ordinal);

    private readonly string _name;
    private readonly byte[] _gzipped;
    private readonly string _hash;

    private Asset(string name)
    {
        _name = name;
        using var resource = typeof(Asset).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        _hash = Convert.ToHexString(SHA256.HashData(bytes))[..16].ToLowerInvariant();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        _gzipped = packed.ToArray();
    }

    private string ContentType => Path.GetExtension(_name) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };

    /// <summary>Where a page finds it.</summary>
    public static string Url(string name) => $"/_console/{All[name]._hash}/{name}";

    /// <summary>Answers the address that <see cref="Url"/> gave.</summary>
    public static Task<IResult> Find(HttpContext http) => Task.FromResult(
        All.TryGetValue((string)http.Request.RouteValues["name"]!, out var asset) && asset._hash == (string)http.Request.RouteValues["hash"]! ? asset.Send(http) : Results.NotFound());

    // Every browser takes gzip.
    private IResult Send(HttpContext http)
    {
        http.Response.Headers.ContentEncoding = "gzip";
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results.Bytes(_gzipped, ContentType);
    }
}
