using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Millrace.Engine.Codec;

namespace Millrace.Feed;

/// <summary>
/// How far somebody has followed the feed, or his share of it. It is where he is in each log; in the middle of an entry, where the page before ended there, also how many
/// events of that entry he has seen; and a stamp of what each log was there, by which a store that was restored to an earlier moment, and has gone on otherwise since,
/// is told from the one that he followed. Its text is his to keep: the server remembers nothing.
/// </summary>
public sealed class FeedCursor
{
    /// <summary>More would make an address longer than servers take.</summary>
    public const int MostLogs = 512;

    // Of the text, whose integers take ten bytes each at most, and stamps two.
    private const int MostLength = (MostLogs + 6) * 12 * 4 / 3;
    private const byte Unstamped = 1;
    private const byte Stamped = 2;
    private readonly long[] _positions;
    private readonly ushort[] _stamps;

    /// <param name="share">What he follows.</param>
    /// <param name="positions">Everything up to there has been seen, in each log of the share.</param>
    /// <param name="stamps">What each log was there; 0 for not known.</param>
    /// <param name="turn">The log to begin with: each has its turn.</param>
    /// <param name="skip">Events to skip of that log's next entry.</param>
    public FeedCursor(FeedShare share, ReadOnlySpan<long> positions, ReadOnlySpan<ushort> stamps, int turn, int skip)
    {
        if (stamps.Length != positions.Length)
            throw new ArgumentException("Each log has a stamp.", nameof(stamps));
        (Share, _positions, _stamps, Turn, Skip) = (share, positions.ToArray(), stamps.ToArray(), turn, skip);
    }

    /// <summary>Of a reader who has been told nothing yet.</summary>
    public FeedCursor(FeedShare share, ReadOnlySpan<long> positions) : this(share, positions, new ushort[positions.Length], 0, 0)
    {
    }

    public FeedShare Share { get; }

    public ReadOnlySpan<long> Positions => _positions;

    public ReadOnlySpan<ushort> Stamps => _stamps;

    public int Turn { get; }

    public int Skip { get; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out FeedCursor? cursor)
    {
        cursor = null;
        if (text is null || text.Length is 0 or > MostLength || !Base64Url.IsValid(text))
            return false;
        try
        {
            var r = new PayloadReader(Base64Url.DecodeFromChars(text));
            var version = r.Byte();
            if (version is not (Unstamped or Stamped))
                return false;
            var share = new FeedShare(r.Int(), r.Int());
            var (turn, skip) = (r.Int(), r.Int());
            var positions = new long[r.Count()];
            var stamps = new ushort[positions.Length];
            for (var log = 0; log < positions.Length; log++)
            {
                positions[log] = r.Signed();
                if (version == Stamped)
                    stamps[log] = (ushort)((r.Byte() << 8) | r.Byte());
            }

            if (!r.IsAtEnd || turn >= positions.Length || !share.IsValid || positions.Any(position => position < 0))
                return false;
            cursor = new FeedCursor(share, positions, stamps, turn, skip);
            return true;
        }
        catch (PayloadException)
        {
            return false;
        }
    }

    /// <summary>For whoever keeps it in the store itself, where it is restored with the logs that it is of: without stamps, as every version reads it.</summary>
    public string ToStoredText() => new FeedCursor(Share, _positions, new ushort[_positions.Length], Turn, Skip).ToString();

    public override string ToString()
    {
        var isStamped = _stamps.AsSpan().ContainsAnyExcept((ushort)0);
        var w = new PayloadWriter(16 + (_positions.Length * 6));
        w.Byte(isStamped ? Stamped : Unstamped);
        w.Int(Share.Index);
        w.Int(Share.Count);
        w.Int(Turn);
        w.Int(Skip);
        w.Int(_positions.Length);
        for (var log = 0; log < _positions.Length; log++)
        {
            w.Signed(_positions[log]);
            if (!isStamped)
                continue;
            w.Byte((byte)(_stamps[log] >> 8));
            w.Byte((byte)_stamps[log]);
        }

        return Base64Url.EncodeToString(w.Written);
    }
}
