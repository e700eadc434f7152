using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>An answer as it came over the wire. Header names are as HTTP takes them: in any case.</summary>
internal sealed record RawAnswer(int Status, ILookup<string, string> Headers, string Body)
{
    public string? Header(string name) => Headers[name].FirstOrDefault();

    public string MediaType => Header("Content-Type")?.Split(';')[0].Trim() ?? "";
}

/// <summary>
/// One connection that sends bytes as they are, which no HTTP library does with bad ones, and reads the answer. It connects anew when the other side has closed.
/// </summary>
internal sealed class RawHttp(Uri address) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private Socket? _socket;
    private int _from, _to;

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="hasBody">Whether an answer may have a body, as that to HEAD may not.</param>
    public async Task<RawAnswer> SendAsync(ReadOnlyMemory<byte> request, bool hasBody)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var reused = _socket is not null;
            await ConnectAsync(deadline.Token);
            try
            {
                (_from, _to) = (0, 0);
                await WriteAsync(request, deadline.Token);
                return await ReadAsync(hasBody, deadline.Token);
            }
            catch (IOException) when (reused && _to == 0)
            {
                Close(); // the server had closed it after the request before; that says nothing of this one (RFC 9112 §9.3.1)
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    public void Dispose() => Close();

    private async Task ConnectAsync(CancellationToken ct)
    {
        if (_socket is not null)
            return;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(address.Host, address.Port, ct);
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    /// <summary>A server that refuses a request by its head need not take the rest; what it said is there to read.</summary>
    private async Task WriteAsync(ReadOnlyMemory<byte> request, CancellationToken ct)
    {
        try
        {
            while (request.Length > 0)
                request = request[await _socket!.SendAsync(request, ct)..];
        }
        catch (SocketException)
        {
            // read below
        }
    }

    private async Task<RawAnswer> ReadAsync(bool hasBody, CancellationToken ct)
    {
        var status = int.Parse((await LineAsync(ct)).Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new List<(string Name, string Value)>();
        while (await LineAsync(ct) is { Length: > 0 } line)
            headers.Add((line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()));
        var answer = new RawAnswer(status, headers.ToLookup(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase), "");
        if (hasBody && status is not (204 or 304))
            answer = answer with { Body = Encoding.UTF8.GetString(answer.Header("Transfer-Encoding") is null ? await BytesAsync(int.Parse(answer.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture), ct) : await ChunksAsync(ct)) };
        if (answer.Header("Connection") == "close")
            Close();
        return answer;
    }

    private async Task<byte[]> ChunksAsync(CancellationToken ct)
    {
        var all = new List<byte>();
        while (int.Parse(await LineAsync(ct), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            all.AddRange(await BytesAsync(length, ct));
            await LineAsync(ct);
        }
        await LineAsync(ct);
        return [.. all];
    }

    private async Task<byte[]> BytesAsync(int length, CancellationToken ct)
    {
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            if (_from == _to)
                await FillAsync(ct);
            var count = Math.Min(length - at, _to - _from);
            _buffer.AsSpan(_from, count).CopyTo(bytes.AsSpan(at));
            (_from, at) = (_from + count, at + count);
        }
        return bytes;
    }

    private async Task<string> LineAsync(CancellationToken ct)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_from == _to)
                await FillAsync(ct);
            var character = (char)_buffer[_from++];
            if (character == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append(character);
        }
    }

    private async Task<int> ReceiveAsync(CancellationToken ct)
    {
        try
        {
            return await _socket!.ReceiveAsync(_buffer, ct);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private async Task FillAsync(CancellationToken ct)
    {
        (_from, _to) = (0, await ReceiveAsync(ct));
        if (_to == 0)
            throw new IOException("The connection was closed in the middle of an answer, or before one.");
    }
}
