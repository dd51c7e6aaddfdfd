using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace Millrace.Api.Caching;

/// <summary>
/// Tells other nodes what changed in this node's cache, over publish and subscribe of Redis. What is published while Redis is away is lost: the cache repeats its own
/// messages when it is back, and no entry lives long enough for that to matter.
/// </summary>
/// <param name="redis">Goes on connecting by itself, and then subscribes again.</param>
/// <param name="heard">Told of each message of another node.</param>
/// <param name="failed">Told of each message that could not be sent or understood.</param>
internal sealed class RedisBackplane(IConnectionMultiplexer redis, Action<BackplaneMessage> heard, Action failed) : IFusionCacheBackplane
{
    private BackplaneSubscriptionOptions? _subscription;

    public void Subscribe(BackplaneSubscriptionOptions options) => SubscribeAsync(options).AsTask().GetAwaiter().GetResult();

    public async ValueTask SubscribeAsync(BackplaneSubscriptionOptions options)
    {
        _subscription = options;
        redis.ConnectionRestored += OnRestored;
        try
        {
            await redis.GetSubscriber().SubscribeAsync(Channel(options), (_, bytes) => Hear(options, bytes));
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            // It is remembered, and made when there is a connection.
            failed();
        }
    }

    public void Unsubscribe() => UnsubscribeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask UnsubscribeAsync()
    {
        redis.ConnectionRestored -= OnRestored;
        if (Interlocked.Exchange(ref _subscription, null) is not { } options)
            return;
        try
        {
            await redis.GetSubscriber().UnsubscribeAsync(Channel(options));
        }
        catch (Exception away) when (away is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Whoever is not connected hears nothing.
            failed();
        }
    }

    public void Publish(BackplaneMessage message, FusionCacheEntryOptions options, CancellationToken token = default) =>
        PublishAsync(message, options, token).AsTask().GetAwaiter().GetResult();

    public async ValueTask PublishAsync(BackplaneMessage message, FusionCacheEntryOptions options, CancellationToken token = default)
    {
        if (_subscription is not { } subscription)
            return;
        try
        {
            await redis.GetSubscriber().PublishAsync(Channel(subscription), BackplaneMessage.ToByteArray(message)).WaitAsync(token);
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            failed();
            // The cache keeps it for when Redis is back.
            throw;
        }
    }

    private static RedisChannel Channel(BackplaneSubscriptionOptions options) => RedisChannel.Literal(options.ChannelName!);

    private void Hear(BackplaneSubscriptionOptions options, RedisValue bytes)
    {
        BackplaneMessage message;
        try
        {
            message = BackplaneMessage.FromByteArray((byte[])bytes!);
        }
        catch (Exception foreign) when (foreign is FormatException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // Of another version, or somebody else's.
            failed();
            return;
        }

        options.IncomingMessageHandler?.Invoke(message);
        if (message.SourceId != options.CacheInstanceId)
            heard(message);
    }

    private void OnRestored(object? sender, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Subscription)
            _subscription?.ConnectHandler?.Invoke(new BackplaneConnectionInfo(isReconnection: true));
    }
}
