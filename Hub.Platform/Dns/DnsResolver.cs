using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Dns;

/// <summary>
/// Asks the recursive servers that this machine uses, or those of <see cref="DnsOptions"/>: over UDP, and over TCP where the answer is too long. Each question has a random number
/// and a port of its own, and takes answers from the server asked alone (RFC 5452).
/// </summary>
internal sealed class DnsResolver(IOptions<DnsOptions> options) : IDnsResolver
{
    private const int Tries = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<DnsText> FindTextAsync(string name, CancellationToken ct)
    {
        _ = DnsMessage.Question(0, name); // a name that is none is the caller's mistake, and no server's
        var reason = "this machine names no DNS server";
        foreach (var server in Enumerable.Repeat(Servers(), Tries).SelectMany(servers => servers))
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(Patience);
                var answer = await AskAsync(server, name, limit.Token);
                if (answer is not DnsText.Unavailable unavailable)
                    return answer;
                reason = $"{server}: {unavailable.Reason}";
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                reason = $"{server} did not answer within {Patience.TotalSeconds:0} seconds";
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                reason = $"{server}: {e.Message}";
            }
        return new DnsText.Unavailable(reason);
    }

    private List<IPEndPoint> Servers() => options.Value.Servers.Count > 0
        ? [.. options.Value.Servers.Select(DnsOptions.Parse).OfType<IPEndPoint>()]
        : [.. NetworkInterface.GetAllNetworkInterfaces().Where(card => card.OperationalStatus != OperationalStatus.Down)
            .SelectMany(card => card.GetIPProperties().DnsAddresses).Distinct().Select(address => new IPEndPoint(address, DnsOptions.Port))];

    private static async Task<DnsText> AskAsync(IPEndPoint server, string name, CancellationToken ct)
    {
        var id = BinaryPrimitives.ReadUInt16BigEndian(RandomNumberGenerator.GetBytes(2));
        return await AskByDatagramAsync(server, id, name, ct) switch
        {
            DnsResponse.Text text => text.Answer,
            DnsResponse.Truncated => await AskByStreamAsync(server, id, name, ct) switch
            {
                DnsResponse.Text text => text.Answer,
                DnsResponse.Foreign foreign => new DnsText.Unavailable(foreign.Reason),
                _ => new DnsText.Unavailable("a truncated answer over TCP"),
            },
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Waits on when something else than the answer comes: it may be a forgery, sent ahead of it.</summary>
    private static async Task<DnsResponse> AskByDatagramAsync(IPEndPoint server, ushort id, string name, CancellationToken ct)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, ct); // takes from this server only
        await socket.SendAsync(DnsMessage.Question(id, name), ct);
        var buffer = new byte[4096];
        while (true)
            if (DnsMessage.Read(buffer.AsSpan(0, await socket.ReceiveAsync(buffer, ct)), id, name) is var response and not DnsResponse.Foreign)
                return response;
    }

    private static async Task<DnsResponse> AskByStreamAsync(IPEndPoint server, ushort id, string name, CancellationToken ct)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, ct);
        await using var stream = new NetworkStream(socket);
        var question = DnsMessage.Question(id, name);
        var framed = new byte[2 + question.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)question.Length); // RFC 1035 §4.2.2
        question.CopyTo(framed, 2);
        await stream.WriteAsync(framed, ct);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, ct);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(answer, ct);
        return DnsMessage.Read(answer, id, name);
    }
}
