using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Api.Tls;
using Xunit;

namespace Millrace.Tests.Api.Tls;

/// <summary>How connections end when the node does.</summary>
public sealed class EndingTests
{
    [Fact]
    public async Task A_connection_that_does_not_end_even_when_it_is_aborted_is_left_behind()
    {
        using var late = new CancellationTokenSource();
        using var tooLate = new CancellationTokenSource();
        await using var connection = new DefaultConnectionContext("1");
        // As Kestrel's is once its output queue was full.
        var served = TlsListening.ServeAsync(_ => new TaskCompletionSource().Task, connection, late.Token, tooLate.Token, NullLogger.Instance);
        var aborted = new TaskCompletionSource();
        connection.ConnectionClosed.Register(aborted.SetResult);
        await late.CancelAsync();
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.False(served.IsCompleted);
        await tooLate.CancelAsync();
        await served;
    }

    [Fact]
    public async Task How_a_connection_ends_by_itself_is_told_on()
    {
        await using var connection = new DefaultConnectionContext("1");
        await TlsListening.ServeAsync(_ => Task.CompletedTask, connection, CancellationToken.None, CancellationToken.None, NullLogger.Instance);
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);
        using var over = new CancellationTokenSource();
        await over.CancelAsync();
        await Assert.ThrowsAsync<IOException>(() => TlsListening.ServeAsync(_ => Task.FromException(new IOException("reset")), connection, CancellationToken.None, over.Token, NullLogger.Instance));
    }
}
