namespace Millrace.Gateways.Psp;

/// <summary>How a provider is spoken to.</summary>
internal static class PspHttp
{
    /// <param name="address">Scheme, host and port.</param>
    /// <param name="connections">To it at one time.</param>
    /// <param name="maxAnswerBytes">A longer answer is refused.</param>
    public static HttpClient CreateClient(Uri address, int connections, int maxAnswerBytes)
    {
        // Money goes to the configured address and to no other: no redirects, no proxy from the environment.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = connections,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        return new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = maxAnswerBytes,
        };
    }
}
