using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodeZero.Testing;

/// <summary>A DNS server on a port of its own, over UDP and TCP, which knows TXT records and how to misbehave.</summary>
public sealed class DnsServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener _streams;
    private readonly Task _serving;

    private DnsServer()
    {
        _streams = new TcpListener(IPAddress.Loopback, 0);
        _streams.Start();
        Address = (IPEndPoint)_streams.LocalEndpoint;
        _datagrams.Bind(Address);
        _serving = Task.WhenAll(ServeDatagramsAsync(), ServeStreamsAsync());
    }

    public IPEndPoint Address { get; }

    /// <summary>Settings that let a Hub ask this server.</summary>
    public Dictionary<string, string?> Settings => new() { ["Hub:Dns:Servers:0"] = Address.ToString() };

    /// <summary>TXT records by name.</summary>
    public ConcurrentDictionary<string, string[]> Texts { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The code of every answer (RFC 1035 §4.1.1) when not 0; 2 is a server failure.</summary>
    public byte Code { get; set; }

    /// <summary>Answers over UDP with the flag that says it did not fit.</summary>
    public bool Truncates { get; set; }

    /// <summary>Sends this before the answer over UDP, made of the question.</summary>
    public Func<byte[], byte[]>? SendFirst { get; set; }

    /// <summary>How many questions came, over either.</summary>
    public int Questions => _questions;

    private int _questions;

    public static DnsServer Start()
    {
        // The port is free for both protocols, or another one is.
        for (var tries = 0; ; tries++)
            try
            {
                return new();
            }
            catch (SocketException) when (tries < 20)
            {
            }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _streams.Stop();
        _datagrams.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeDatagramsAsync()
    {
        var buffer = new byte[512];
        while (!_stop.IsCancellationRequested)
        {
            var received = await _datagrams.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
            var question = buffer[..received.ReceivedBytes];
            if (SendFirst?.Invoke([.. question]) is { } first)
                await _datagrams.SendToAsync(first, received.RemoteEndPoint, _stop.Token);
            await _datagrams.SendToAsync(Answer(question, Truncates), received.RemoteEndPoint, _stop.Token);
        }
    }

    private async Task ServeStreamsAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var connection = await _streams.AcceptTcpClientAsync(_stop.Token);
            var stream = connection.GetStream();
            var length = new byte[2];
            await stream.ReadExactlyAsync(length, _stop.Token);
            var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            await stream.ReadExactlyAsync(question, _stop.Token);
            var answer = Answer(question, truncated: false);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
            await stream.WriteAsync(length, _stop.Token);
            await stream.WriteAsync(answer, _stop.Token);
        }
    }

    private byte[] Answer(byte[] question, bool truncated)
    {
        Interlocked.Increment(ref _questions);
        var found = Texts.TryGetValue(NameOf(question), out var texts) && Code == 0 && !truncated;
        var answer = new List<byte>(question) { [2] = (byte)(truncated ? 0x83 : 0x81), [3] = (byte)(Code != 0 ? Code : found || truncated ? 0 : 3), [7] = (byte)(found ? texts!.Length : 0) };
        if (found)
            foreach (var text in texts!)
                answer.AddRange(Record(text));
        return [.. answer];
    }

    /// <summary>A record whose owner points at the question, and whose text is cut into strings of 255 bytes.</summary>
    private static IEnumerable<byte> Record(string text)
    {
        var data = Encoding.ASCII.GetBytes(text).Chunk(255).SelectMany(part => part.Prepend((byte)part.Length)).ToArray();
        return [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, (byte)(data.Length >> 8), (byte)data.Length, .. data];
    }

    private static string NameOf(byte[] question)
    {
        var labels = new List<string>();
        for (var at = 12; question[at] != 0; at += question[at] + 1)
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        return string.Join('.', labels);
    }
}
