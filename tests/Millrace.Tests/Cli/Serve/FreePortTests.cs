using System.Net.Sockets;
using Millrace.Cli.Serve;
using Xunit;

namespace Millrace.Tests.Cli.Serve;

public sealed class FreePortTests
{
    private const int Neighbours = 40;

    // As another process does that was told of it, and whose server is not there yet.
    [Fact]
    public void A_port_that_another_process_was_promised_is_told_to_nobody()
    {
        var promised = new List<(int Port, Socket Name)>();
        try
        {
            var here = FreePort.Find();
            for (var port = here + 1; port <= here + Neighbours; port++)
            {
                var name = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                promised.Add((port, name));
                try
                {
                    name.Bind(FreePort.NameOf(port));
                }
                catch (SocketException)
                {
                    // Promised by this process, to another test: not told again either.
                }
            }

            var told = Enumerable.Range(0, Neighbours).Select(_ => FreePort.Find()).ToList();
            Assert.Empty(told.Intersect(promised.Where(port => port.Name.IsBound).Select(port => port.Port)));
            Assert.Equal(told.Count, told.Distinct().Count());
        }
        finally
        {
            foreach (var (_, name) in promised)
                name.Dispose();
        }
    }
}
