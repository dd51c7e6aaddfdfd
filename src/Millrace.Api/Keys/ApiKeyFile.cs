using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Domain.Identity;

namespace Millrace.Api.Keys;

/// <summary><c>keys.json</c>: read whole, replaced whole by rename, readable by its owner only.</summary>
internal sealed class ApiKeyFile(string directory)
{
    private readonly string _path = Path.Combine(directory, ApiKeyStore.FileName);

    /// <summary>Tells one content of the file from another; default when there is no file.</summary>
    public (DateTime, long) Stamp()
    {
        var info = new FileInfo(_path);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
    }

    /// <exception cref="InvalidDataException">The file is not one of ours.</exception>
    public List<ApiKey> Read()
    {
        if (!File.Exists(_path))
            return [];
        try
        {
            var rows = JsonSerializer.Deserialize(File.ReadAllBytes(_path), ApiKeyJson.Default.ApiKeyRows);
            return [.. rows!.Keys.Select(row => row.ToKey())];
        }
        catch (Exception e) when (e is JsonException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{_path} is damaged.", e);
        }
    }

    public void Write(IEnumerable<ApiKey> keys)
    {
        var temporary = _path + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, new ApiKeyRows([.. keys.Select(ApiKeyRow.Of)]), ApiKeyJson.Default.ApiKeyRows);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
    }

    /// <summary>One writer at a time, over processes: the CLI may make keys while the server runs.</summary>
    public FileStream Lock()
    {
        Directory.CreateDirectory(directory);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 100)
            {
                // Another process writes: that takes milliseconds.
                Thread.Sleep(20);
            }
        }
    }
}

internal sealed record ApiKeyRows(ApiKeyRow[] Keys);

internal sealed record ApiKeyRow(
    string Id, string Tenant, string Client, string[] Scopes, string Sha256,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    public static ApiKeyRow Of(ApiKey key) => new(
        key.Id, key.Tenant.Value, key.Client, ScopeNames.Of(key.Scopes), Convert.ToHexStringLower(key.Hash),
        key.CreatedAt, key.ExpiresAt, key.RevokedAt);

    public ApiKey ToKey() => new(
        Id, TenantId.Parse(Tenant), Client, ScopeNames.TryParse(Scopes, out var scopes) ? scopes : throw new FormatException("Unknown scope."),
        Convert.FromHexString(Sha256), CreatedAt, ExpiresAt, RevokedAt);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ApiKeyRows))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
