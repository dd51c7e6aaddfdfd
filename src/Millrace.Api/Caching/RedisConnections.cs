using StackExchange.Redis;

namespace Millrace.Api.Caching;

/// <summary>How this node talks to Redis, whatever for: nothing waits for long, and nothing needs it.</summary>
internal static class RedisConnections
{
    /// <summary>Opens one; it goes on connecting when Redis is away.</summary>
    /// <param name="address">As <c>HOST:PORT,password=…</c>.</param>
    public static async Task<ConnectionMultiplexer> OpenAsync(string address)
    {
        var configuration = ConfigurationOptions.Parse(address);
        configuration.AbortOnConnectFail = false;
        configuration.ClientName = "millrace";
        // No node waits for an answer, and an old one is worth nothing.
        configuration.AsyncTimeout = configuration.SyncTimeout = 500;
        configuration.ConnectTimeout = 2_000;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        return await ConnectionMultiplexer.ConnectAsync(configuration);
    }
}
