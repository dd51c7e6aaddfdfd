using System.IO.Compression;

namespace Millrace.Cli.Replay;

/// <summary>
/// A file of sales that can be read twice: plain or gzip, told apart by its first bytes, not by its name. Standard input
/// is kept in a temporary file that goes with this object.
/// </summary>
internal sealed class SalesFile : IDisposable
{
    private readonly string _path;
    private readonly bool _isTemporary;

    private SalesFile(string path, bool isTemporary)
    {
        _path = path;
        _isTemporary = isTemporary;
    }

    /// <param name="name">A file, or - for <paramref name="standardInput"/>.</param>
    public static async Task<SalesFile> OpenAsync(string name, Func<Stream> standardInput, CancellationToken cancellation)
    {
        if (name != "-")
            return File.Exists(name) ? new SalesFile(name, isTemporary: false) : throw new FileNotFoundException($"There is no file '{name}'.");
        var file = new SalesFile(Path.GetTempFileName(), isTemporary: true);
        try
        {
            await using var input = standardInput();
            await using var spool = File.Create(file._path);
            await input.CopyToAsync(spool, cancellation);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Its text from the beginning; any number of times.</summary>
    public TextReader Read()
    {
        Stream stream = File.OpenRead(_path);
        try
        {
            if (IsGzip(stream))
                stream = new GZipStream(stream, CompressionMode.Decompress);
            return new StreamReader(stream, LatinFallback.Encoding, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_isTemporary)
            File.Delete(_path);
    }

    // RFC 1952, section 2.3.1.
    private static bool IsGzip(Stream stream)
    {
        Span<byte> magic = stackalloc byte[2];
        var length = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return length == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    }
}
