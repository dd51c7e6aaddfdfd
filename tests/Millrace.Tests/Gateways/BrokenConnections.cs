using System.Net.Sockets;

namespace Millrace.Tests.Gateways;

/// <summary>Each connection is closed in the instant in which it was made, which .NET 10 tells as the socket does.</summary>
internal sealed class BrokenConnections : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new SocketException((int)SocketError.NotConnected);
}
