using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Storage.Postgres.Archive;

/// <summary><c>archive.json</c>: what one folder of an archive holds. Written last, and the folder has its name only with it.</summary>
/// <param name="Format">Of this file and of the batches; a newer one is refused.</param>
/// <param name="StoreId">The store that the batches are of.</param>
/// <param name="Shard">The database that they were taken from.</param>
/// <param name="FirstDay">When the first was written, by the database's clock.</param>
/// <param name="LastDay">When the last was written.</param>
/// <param name="Ranges">In the order in which the file has them.</param>
/// <param name="File">The batches.</param>
public sealed record ArchiveManifest(
    int Format, Guid StoreId, string Shard, DateOnly FirstDay, DateOnly LastDay, IReadOnlyList<ArchivedRange> Ranges, BackupFile File)
{
    /// <summary>Its name in the folder.</summary>
    public const string FileName = "archive.json";

    internal const int CurrentFormat = 1;

    /// <summary>Of what is in it, so that the same days are found again under the same name, and others never are.</summary>
    internal static string FolderName(Guid store, string shard, JournalDays days)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(days.Ranges, ArchiveJson.Default.IReadOnlyListArchivedRange);
        var hash = XxHash3.HashToUInt64([.. Encoding.ASCII.GetBytes(store.ToString("N")), .. content]);
        return string.Create(CultureInfo.InvariantCulture, $"journal-{days.First:yyyyMMdd}-{shard}-{hash:x16}");
    }

    /// <exception cref="InvalidDataException">The folder is not one of an archive that this version reads.</exception>
    public static ArchiveManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var manifest = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), ArchiveJson.Default.ArchiveManifest)!;
            if (manifest.Format > CurrentFormat)
                throw new InvalidDataException($"{path} was written by a newer Millrace (format {manifest.Format}).");
            // A name with a path in it would lead to somewhere else.
            return manifest.File.Name == Path.GetFileName(manifest.File.Name) ? manifest : throw new InvalidDataException($"{path} is damaged.");
        }
        catch (Exception fault) when (fault is JsonException or FormatException or FileNotFoundException)
        {
            throw new InvalidDataException($"{path} is damaged or missing.", fault);
        }
    }

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ArchiveJson.Default.ArchiveManifest);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ArchiveManifest))]
[JsonSerializable(typeof(IReadOnlyList<ArchivedRange>))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
