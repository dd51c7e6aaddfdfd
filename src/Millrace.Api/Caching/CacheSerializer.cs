using System.Text.Json;
using ZiggyCreatures.Caching.Fusion.Serialization;

namespace Millrace.Api.Caching;

/// <summary>What is cached, as bytes for Redis. An entry that another version of the program has written and this one cannot read is a miss.</summary>
internal sealed class CacheSerializer : IFusionCacheSerializer
{
    public byte[] Serialize<T>(T? obj) => JsonSerializer.SerializeToUtf8Bytes(obj);

    public T? Deserialize<T>(byte[] data) => JsonSerializer.Deserialize<T>(data);

    public ValueTask<byte[]> SerializeAsync<T>(T? obj, CancellationToken token = default) => ValueTask.FromResult(Serialize(obj));

    public ValueTask<T?> DeserializeAsync<T>(byte[] data, CancellationToken token = default) => ValueTask.FromResult(Deserialize<T>(data));
}
