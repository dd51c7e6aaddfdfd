using System.Collections.Concurrent;
using Millrace.Engine.Journal;
using Millrace.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

public sealed class PoolTests
{
    // A time-out as it is would be a defect to whoever waits for a store that is away.
    [Fact]
    public async Task A_statement_that_ends_as_its_patience_does_has_ended_or_was_not_answered()
    {
        var patience = TimeSpan.FromMilliseconds(20);
        await using var pool = new Pool(() => NpgsqlDataSource.Create("Host=localhost;Port=1"), patience);
        var told = new ConcurrentBag<Exception>();
        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
            {
                await Task.Yield();
                try
                {
                    await pool.RunAsync(async _ =>
                    {
                        await Task.Delay(patience);
                        return 1;
                    });
                }
                catch (Exception failure)
                {
                    told.Add(failure);
                }
            }));
        }

        Assert.NotEmpty(told);
        Assert.All(told, failure => Assert.IsType<StoreUnavailableException>(failure));
    }
}
