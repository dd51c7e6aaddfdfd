using Microsoft.Extensions.Logging;

namespace Millrace.Tests.EndToEnd;

/// <summary>A log of which a test counts the lines.</summary>
internal sealed class CountedLog<T> : ILogger<T>
{
    private int _lines;

    public int Lines => Volatile.Read(ref _lines);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Interlocked.Increment(ref _lines);
}
