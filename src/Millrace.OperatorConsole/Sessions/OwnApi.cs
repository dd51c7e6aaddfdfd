using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Millrace.Client;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>The public API of this very node, over loopback: the console uses no other way in.</summary>
internal sealed class OwnApi(IServer server) : IDisposable
{
    private readonly Lazy<(HttpClient Http, Uri Address)> _connection = new(() => Connect(server));

    /// <summary>Where this node listens.</summary>
    public Uri Address => _connection.Value.Address;

    public MillraceClient As(string apiKey) => new(
        new MillraceClientOptions { BaseAddress = Address, ApiKey = apiKey, Timeout = TimeSpan.FromSeconds(10), AttemptTimeout = TimeSpan.FromSeconds(5) }, _connection.Value.Http);

    public void Dispose()
    {
        if (_connection.IsValueCreated)
            _connection.Value.Http.Dispose();
    }

    private static (HttpClient, Uri) Connect(IServer server)
    {
        var listened = server.Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address.Replace("://+", "://127.0.0.1", StringComparison.Ordinal).Replace("://*", "://127.0.0.1", StringComparison.Ordinal))).First();
        var address = listened.Host is "0.0.0.0" or "[::]" ? new UriBuilder(listened) { Host = "127.0.0.1" }.Uri : listened;
        var sockets = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        // It is this process that answers, whatever name its certificate has.
        sockets.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        return (new HttpClient(sockets) { Timeout = Timeout.InfiniteTimeSpan }, address);
    }
}
