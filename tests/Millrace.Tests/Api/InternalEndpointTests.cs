using System.Net;
using Microsoft.AspNetCore.Http;
using Millrace.Api.Health;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class InternalEndpointTests
{
    [Theory]
    [InlineData(null, 80, "127.0.0.1", 404, "X-Forwarded-For")]
    [InlineData(null, 80, "127.0.0.1", 404, "Forwarded")]
    [InlineData(null, 80, "::1", 404, "Via")]
    [InlineData(9464, 9464, "10.0.0.1", 200, "Via")]
    [InlineData(null, 80, "127.0.0.1", 200)]
    [InlineData(null, 80, "::1", 200)]
    [InlineData(null, 80, "10.0.0.1", 404)]
    [InlineData(9464, 9464, "10.0.0.1", 200)]
    [InlineData(9464, 80, "127.0.0.1", 404)]
    public async Task Metrics_are_for_the_management_port_or_else_for_this_machine(int? managementPort, int port, string from, int status, string? header = null)
    {
        var http = new DefaultHttpContext();
        http.Connection.LocalPort = port;
        http.Connection.RemoteIpAddress = IPAddress.Parse(from);
        if (header is not null)
            http.Request.Headers[header] = "203.0.113.7";
        await HealthEndpoints.Internal(_ => Task.CompletedTask, managementPort is { } only ? new HashSet<int> { only } : null)(http);
        Assert.Equal(status, http.Response.StatusCode);
    }
}
