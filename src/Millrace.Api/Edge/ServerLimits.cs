using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Millrace.Api.Edge;

/// <summary>What the server bears of any one connection, whoever it is. The table of docs/hostile-input.md is held to these by a test.</summary>
internal static class ServerLimits
{
    public const int MaxRequestLineBytes = 8 << 10;
    public const int MaxHeaderBytes = 16 << 10;
    public const int MaxHeaderCount = 64;
    public const int MaxConnections = 20_000;
    public const int MaxStreamsPerConnection = 100;

    /// <summary>Slower bodies are given up, and answers that are read slower.</summary>
    public const double MinBytesPerSecond = 240;

    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Before a rate is asked for.</summary>
    public static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    public static void Set(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = BodyReading.MaxBatchBytes;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaderCount;
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.KeepAliveTimeout = KeepAliveTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, RateGrace);
        limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, RateGrace);
        limits.MaxConcurrentConnections = MaxConnections;
        // Connections that leave HTTP for something else: there are none.
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
        limits.Http2.MaxRequestHeaderFieldSize = MaxRequestLineBytes;
    }
}
