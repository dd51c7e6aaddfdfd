using System.Runtime.CompilerServices;

namespace Millrace.Engine.Administration;

/// <summary>Records of one kind, page after page.</summary>
public static class RecordPages
{
    /// <summary>All of them by their ids, read as they are asked for: what is changed meanwhile may be told as it was, or as it is.</summary>
    /// <param name="records">Where they are.</param>
    /// <param name="kind">As in <see cref="StoredRecord"/>.</param>
    /// <param name="prefix">Only those whose ids go on after this.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public static async IAsyncEnumerable<StoredRecord> ListAllAsync(
        this IRecords records, string kind, string prefix = "", [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var after = prefix.Length == 0 ? null : prefix; ;)
        {
            var page = await records.ListRecordsAsync(kind, after, IRecords.MaxPage, cancellation).ConfigureAwait(false);
            foreach (var record in page)
            {
                if (!record.Id.StartsWith(prefix, StringComparison.Ordinal))
                    yield break;
                yield return record;
            }

            if (page.Count < IRecords.MaxPage)
                yield break;
            after = page[^1].Id;
        }
    }
}
