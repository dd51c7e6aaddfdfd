using System.Globalization;
using Millrace.Cli.Children;
using Millrace.Tests.Storage.Postgres;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Millrace.Tests.Storage.Postgres;

/// <summary>One real PostgreSQL server for all tests, started by the first that needs it; each test has a database of its own.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static int _databases;
    private readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <returns>The connection string of a new, empty database.</returns>
    public async Task<string> NewDatabaseAsync() => await (await _server.Value).CreateDatabaseAsync(
        "test_" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture));

    /// <summary>Does something to a database behind the back of whoever serves from it.</summary>
    public static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>One number that a database holds.</summary>
    public static async Task<long> CountAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
            await (await _server.Value).DisposeAsync();
    }
}
