using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodeZero.Cli.Session;

/// <summary>
/// Listens on a random port of 127.0.0.1 for the one redirect that ends a sign-in (RFC 8252 §7.3). What else comes – a page guessing the port, a connection
/// that says nothing – neither ends the waiting nor holds it up.
/// </summary>
internal sealed class LoopbackReceiver : IDisposable
{
    private const int MaxRequestBytes = 16 * 1024;
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(10);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public LoopbackReceiver()
    {
        _listener.Start();
        RedirectUri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/callback"));
    }

    public Uri RedirectUri { get; }

    /// <summary>Waits for the redirect with this state, from this issuer.</summary>
    public async Task<AuthorizationResponse> ReceiveAsync(string state, string issuer, CancellationToken ct)
    {
        var received = new TaskCompletionSource<AuthorizationResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var accepting = AcceptAsync(target => AuthorizationResponse.Judge(target, RedirectUri, state, issuer), received, stop.Token);
        try
        {
            return await received.Task.WaitAsync(ct);
        }
        finally
        {
            await stop.CancelAsync();
            await accepting;
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync(
        Func<string, (int Status, string Text, AuthorizationResponse? Response)> judge, TaskCompletionSource<AuthorizationResponse> received, CancellationToken ct)
    {
        var answering = new List<Task>();
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptTcpClientAsync(ct);
                answering.RemoveAll(task => task.IsCompleted);
                answering.Add(AnswerAsync(connection, judge, received, ct));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(answering);
        }
    }

    private async Task AnswerAsync(
        TcpClient connection, Func<string, (int Status, string Text, AuthorizationResponse? Response)> judge, TaskCompletionSource<AuthorizationResponse> received, CancellationToken ct)
    {
        using var open = connection;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(RequestPatience);
        try
        {
            var stream = connection.GetStream();
            var (status, text, response) = await ReadTargetAsync(stream, deadline.Token) is { } target ? judge(target) : (400, "This is no request czctl waits for.", null);
            // Written even when the waiting ends meanwhile, and before it ends: the person looks at this page.
            await stream.WriteAsync(Page(status, text), CancellationToken.None);
            if (response is not null)
                received.TrySetResult(response);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Whoever it was went away; the next connection may be the browser's.
            return;
        }
    }

    /// <summary>The request target of a GET to our own host, or null. The header is read to its end, so that the browser sees the answer.</summary>
    private async Task<string?> ReadTargetAsync(NetworkStream stream, CancellationToken ct)
    {
        var buffer = new byte[MaxRequestBytes];
        var length = 0;
        while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = length == buffer.Length ? 0 : await stream.ReadAsync(buffer.AsMemory(length), ct);
            if (read == 0)
                return null;
            length += read;
        }
        var lines = Encoding.Latin1.GetString(buffer, 0, length).Split("\r\n");
        var host = lines.Skip(1).FirstOrDefault(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase))?["Host:".Length..].Trim();
        return host == RedirectUri.Authority && lines[0].Split(' ') is ["GET", ['/', ..] target, "HTTP/1.1" or "HTTP/1.0"] ? target : null;
    }

    private static byte[] Page(int status, string text)
    {
        var body = Encoding.UTF8.GetBytes($"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>czctl</title><p>{text}</p></html>");
        var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {(status == 200 ? "OK" : "Refused")}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {body.Length}\r\n")
            + "Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
