using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Millrace.Engine.Codec;

namespace Millrace.Feed;

/// <summary>
/// How far somebody has followed the feed, or his share of it. It is where he is in each log; in the middle of an entry, where the page before ended there, also how many
/// events of that entry he has seen. Its text is his to keep: the server remembers nothing.
/// </summary>
public sealed class FeedCursor
{
    /// <summary>More would make an address longer than servers take.</summary>
    public const int MostLogs = 512;

    // Of the text, whose integers take ten bytes each at most.
    private const int MostLength = (MostLogs + 6) * 10 * 4 / 3;
    private const byte Version = 1;
    private readonly long[] _positions;

    /// <param name="share">What he follows.</param>
    /// <param name="positions">Everything up to there has been seen, in each log of the share.</param>
    /// <param name="turn">The log to begin with: each has its turn.</param>
    /// <param name="skip">Events to skip of that log's next entry.</param>
    public FeedCursor(FeedShare share, ReadOnlySpan<long> positions, int turn, int skip) => (Share, _positions, Turn, Skip) = (share, positions.ToArray(), turn, skip);

    public FeedShare Share { get; }

    public ReadOnlySpan<long> Positions => _positions;

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
            if (r.Byte() != Version)
                return false;
            var share = new FeedShare(r.Int(), r.Int());
            var (turn, skip) = (r.Int(), r.Int());
            var positions = new long[r.Count()];
            for (var log = 0; log < positions.Length; log++)
                positions[log] = r.Signed();
            if (!r.IsAtEnd || turn >= positions.Length || !share.IsValid || positions.Any(position => position < 0))
                return false;
            cursor = new FeedCursor(share, positions, turn, skip);
            return true;
        }
        catch (PayloadException)
        {
            return false;
        }
    }

    public override string ToString()
    {
        var w = new PayloadWriter(16 + (_positions.Length * 4));
        w.Byte(Version);
        w.Int(Share.Index);
        w.Int(Share.Count);
        w.Int(Turn);
        w.Int(Skip);
        w.Int(_positions.Length);
        foreach (var position in _positions)
            w.Signed(position);
        return Base64Url.EncodeToString(w.Written);
    }
}
