using System.Globalization;

namespace Millrace.Feed;

/// <summary>
/// A part of the feed: the events of every <paramref name="Count"/>th partition, beginning with <paramref name="Index"/>. Several programs that follow one
/// share each follow all, and each order's events come to one of them.
/// </summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">Of shares.</param>
public readonly record struct FeedShare(int Index, int Count)
{
    public static readonly FeedShare All = new(0, 1);

    /// <param name="text">As in <c>1/4</c>, the first of four.</param>
    /// <param name="partitions">Of the store: there are not more shares.</param>
    /// <param name="share">The share.</param>
    public static bool TryParse(string? text, int partitions, out FeedShare share)
    {
        share = All;
        if (text?.Split('/') is not [var number, var of])
            return false;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || !int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        share = new FeedShare(index - 1, count);
        return share.IsValid && share.Count <= partitions;
    }

    public bool IsValid => Index >= 0 && Index < Count;

    public bool Has(int partition) => partition % Count == Index;

    public override string ToString() => $"{Index + 1}/{Count}";
}
