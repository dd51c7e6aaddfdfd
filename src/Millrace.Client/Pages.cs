using System.Runtime.CompilerServices;

namespace Millrace.Client;

internal static class Pages
{
    /// <summary>The rows of all pages; the next page is asked for when the last row of the one before was taken.</summary>
    public static async IAsyncEnumerable<T> AllAsync<T>(
        Func<string?, CancellationToken, Task<Answer<Page<T>>>> read, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? cursor = null;
        do
        {
            var page = (await read(cursor, cancellation)).Value;
            foreach (var row in page.Data)
                yield return row;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }
}
