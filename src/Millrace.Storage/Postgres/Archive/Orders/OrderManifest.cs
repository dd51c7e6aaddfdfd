using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary><c>archive.json</c> of a month's orders. Written last, and the folder has its name only with it.</summary>
/// <param name="Format">Of this file and of the orders; a newer one is refused.</param>
/// <param name="StoreId">The store that the orders are of.</param>
/// <param name="Shard">The database that they were taken from.</param>
/// <param name="Month">When they were placed: its first day, by UTC.</param>
/// <param name="Orders">How many.</param>
/// <param name="File">The orders: a SQLite database.</param>
internal sealed record OrderManifest(int Format, Guid StoreId, string Shard, DateOnly Month, long Orders, BackupFile File)
{
    public const int CurrentFormat = 1;

    /// <exception cref="InvalidDataException">The folder is damaged, or of another kind.</exception>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    public static OrderManifest Read(string folder)
    {
        var path = Path.Combine(folder, ArchiveManifest.FileName);
        try
        {
            var manifest = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), OrderManifestJson.Default.OrderManifest) ?? throw new JsonException("It holds nothing.");
            if (manifest.Format > CurrentFormat)
                throw new InvalidDataException($"{path} was written by a newer Millrace (format {manifest.Format}).");
            var file = new FileInfo(Path.Combine(folder, OrderFile.Name));
            return file.Length == manifest.File.Bytes ? manifest : throw new InvalidDataException($"{file.FullName} is not as long as {ArchiveManifest.FileName} says.");
        }
        catch (Exception fault) when (fault is JsonException or FormatException)
        {
            throw new InvalidDataException($"{path} is damaged.", fault);
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OrderManifestJson.Default.OrderManifest);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(OrderManifest))]
internal sealed partial class OrderManifestJson : JsonSerializerContext;
