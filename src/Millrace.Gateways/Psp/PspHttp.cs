namespace Millrace.Gateways.Psp;

/// <summary>How a provider is spoken to.</summary>
internal static class PspHttp
{
    /// <param name="address">Scheme, host and port.</param>
    /// <param name="key">What it knows us by; null for a provider that knows it otherwise.</param>
    /// <param name="connections">To it at one time.</param>
    /// <param name="maxAnswerBytes">A longer answer is refused.</param>
    public static HttpClient CreateClient(Uri address, string? key, int connections, int maxAnswerBytes)
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
        var http = new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = maxAnswerBytes,
        };
        http.DefaultRequestHeaders.Authorization = PspAuthorization.Of(key);
        return http;
    }
}
