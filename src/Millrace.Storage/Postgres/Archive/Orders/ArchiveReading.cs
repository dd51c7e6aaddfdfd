using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>What becomes of a reading of the archive, for whoever serves.</summary>
internal static class ArchiveReading
{
    /// <param name="reading">Under way; it waits where it is called, so on a thread that may.</param>
    /// <param name="path">What is read.</param>
    /// <param name="patience">An archive may lie on a file system that falls silent.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="StoreUnavailableException">It did not answer in time, or is not as it was written. That is of one file, and no reason for anybody else to stand still.</exception>
    public static async Task<T> WaitAsync<T>(Task<T> reading, string path, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            return await reading.WaitAsync(patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!reading.IsCompleted)
        {
            _ = reading.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
            throw new StoreUnavailableException($"The archive '{path}' did not answer within {patience.TotalSeconds:F0} s.");
        }
        catch (Exception damage) when (damage is not (OperationCanceledException or StoreUnavailableException))
        {
            // A share that is not mounted is no damage: nothing needs to be mended in the store.
            throw new StoreUnavailableException(
                $"Archived orders cannot be read from '{path}': {damage.Message}", damage is IOException or UnauthorizedAccessException ? damage : Damage(path, damage));
        }
    }

    /// <summary>Whatever cannot be made of a file is told as damage to it.</summary>
    public static InvalidDataException Damage(string path, Exception fault) => fault as InvalidDataException ?? new InvalidDataException($"{path} is damaged: {fault.Message}", fault);
}
