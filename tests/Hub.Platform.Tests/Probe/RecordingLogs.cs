using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Platform.Tests.Probe;

/// <summary>What a Hub logs.</summary>
internal sealed class RecordingLogs : ILoggerProvider, ILogger
{
    internal ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;
    public bool IsEnabled(LogLevel logLevel) => true;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
