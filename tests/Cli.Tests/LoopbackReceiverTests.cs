using System.Net.Sockets;
using System.Text;
using CodeZero.Cli.Session;

namespace CodeZero.Cli.Tests;

public sealed class LoopbackReceiverTests
{
    private const string Issuer = "https://hub.example.com";
    private static readonly string Query = $"?code=the-code&state=s&iss={Uri.EscapeDataString(Issuer)}";

    [Fact]
    public async Task Whoever_guesses_the_port_neither_ends_the_waiting_nor_holds_it_up()
    {
        using var receiver = new LoopbackReceiver();
        using var silent = new TcpClient();
        var waiting = receiver.ReceiveAsync("s", Issuer, CancellationToken.None);
        await silent.ConnectAsync("127.0.0.1", receiver.RedirectUri.Port);

        Assert.StartsWith("HTTP/1.1 400", await SendAsync(receiver, $"GET /callback{Query} HTTP/1.1\r\nHost: evil.example\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await SendAsync(receiver, $"POST /callback{Query} HTTP/1.1\r\nHost: {receiver.RedirectUri.Authority}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404", await SendAsync(receiver, $"GET /favicon.ico HTTP/1.1\r\nHost: {receiver.RedirectUri.Authority}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await SendAsync(receiver, "GET /" + new string('x', 20_000)), StringComparison.Ordinal);
        Assert.False(waiting.IsCompleted);

        Assert.StartsWith("HTTP/1.1 200", await SendAsync(receiver, $"GET /callback{Query} HTTP/1.1\r\nHost: {receiver.RedirectUri.Authority}\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("the-code", (await waiting).Code);
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_given_up()
    {
        using var receiver = new LoopbackReceiver();
        using var stop = new CancellationTokenSource();
        var waiting = receiver.ReceiveAsync("s", Issuer, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static async Task<string> SendAsync(LoopbackReceiver receiver, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", receiver.RedirectUri.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }
}
