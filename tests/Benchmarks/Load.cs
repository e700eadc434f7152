using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace CodeZero.Benchmarks;

/// <summary>Asks one server as often as it answers, over keep-alive connections, with as little work of its own as possible.</summary>
internal static class Load
{
    /// <summary>Asks for one address.</summary>
    /// <param name="headers">Further headers, each with its line end.</param>
    /// <returns>Answers with status 200 per second.</returns>
    /// <exception cref="InvalidOperationException">An answer was not 200.</exception>
    public static Task<double> RunAsync(Uri address, int connections, TimeSpan duration, string headers = "")
    {
        var request = Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n{headers}\r\n");
        return RunAsync(address, () => request, connections, duration);
    }

    /// <summary>Asks with one request after the other.</summary>
    /// <param name="next">The next request, for whichever connection is free.</param>
    /// <returns>Answers with status 200 per second.</returns>
    /// <exception cref="InvalidOperationException">An answer was not 200.</exception>
    public static async Task<double> RunAsync(Uri address, Func<byte[]> next, int connections, TimeSpan duration)
    {
        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => AskAsync(address, next, started, duration))));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<int> AskAsync(Uri address, Func<byte[]> next, long started, TimeSpan duration)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        var buffer = new byte[256 * 1024];
        var count = 0;
        for (; Stopwatch.GetElapsedTime(started) < duration; count++)
        {
            await stream.WriteAsync(next());
            var length = 0;
            do
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length));
                length = read > 0 ? length + read : throw new InvalidOperationException("The server closed the connection.");
            }
            while (!IsComplete(buffer.AsSpan(0, length)));
        }
        return count;
    }

    private static bool IsComplete(ReadOnlySpan<byte> answer)
    {
        var headers = answer.IndexOf("\r\n\r\n"u8);
        if (headers < 0)
            return false;
        if (!answer.StartsWith("HTTP/1.1 200 "u8))
            throw new InvalidOperationException(Encoding.UTF8.GetString(answer[..Math.Min(500, answer.Length)]));
        var body = answer[(headers + 4)..];
        var at = answer[..headers].IndexOf("Content-Length: "u8);
        if (at < 0)
            return body.EndsWith("0\r\n\r\n"u8);
        var text = answer[(at + "Content-Length: ".Length)..];
        return body.Length >= int.Parse(text[..text.IndexOf((byte)'\r')], System.Globalization.CultureInfo.InvariantCulture);
    }
}
