using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>One file of a backup.</summary>
/// <param name="Sha256">In hexadecimal, as <c>sha256sum</c> shows it.</param>
public sealed record BackupFile(string Name, long Bytes, string Sha256);

/// <summary><c>backup.json</c>: what a backup holds. Written last, so a folder that has it is whole.</summary>
/// <param name="Format">Of this file; a newer one is refused.</param>
/// <param name="Name">The backup's folder when it was made.</param>
/// <param name="BegunAt">Everything acknowledged before this moment is in it.</param>
/// <param name="TakenAt">Nothing of after this moment is.</param>
/// <param name="Seqs">The last sequence of each partition.</param>
/// <param name="Files">All other files of the folder.</param>
public sealed record BackupManifest(
    int Format, string Name, DateTimeOffset BegunAt, DateTimeOffset TakenAt, IReadOnlyList<long> Seqs, IReadOnlyList<BackupFile> Files)
{
    public const string FileName = "backup.json";
    internal const int CurrentFormat = 1;

    /// <summary>Records of the journal: sequences begin at 1 and have no gap.</summary>
    [JsonIgnore]
    public long Records => Seqs.Sum();

    /// <summary>Of all files that it names.</summary>
    [JsonIgnore]
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>Whether a folder is a backup.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <exception cref="BackupFailedException">The folder holds no backup that this version reads.</exception>
    public static BackupManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new BackupFailedException($"'{folder}' is no backup: it has no {FileName}.");
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), BackupJson.Default.BackupManifest)!;
            if (manifest.Format > CurrentFormat)
                throw new BackupFailedException($"{path} was written by a newer Millrace (format {manifest.Format}).");
            // A name with a path in it would be copied to somewhere else.
            if (manifest.Seqs is null || manifest.Files is null || manifest.Files.Any(file => file.Name != Path.GetFileName(file.Name) || file.Name.Length == 0))
                throw new BackupFailedException($"{path} is damaged.");
            return manifest;
        }
        catch (Exception fault) when (fault is JsonException or NullReferenceException)
        {
            throw new BackupFailedException($"{path} is damaged.", fault);
        }
    }

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
