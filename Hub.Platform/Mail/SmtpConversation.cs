using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>A server's answer (RFC 5321 §4.2).</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool IsPermanentRefusal => Code is >= 500 and < 600;

    public override string ToString() => $"{Code.ToString(CultureInfo.InvariantCulture)} {string.Join(' ', Lines)}";
}

/// <summary>A connection to an SMTP server, and the lines that go to and fro (RFC 5321).</summary>
internal sealed class SmtpConversation(Stream stream) : IAsyncDisposable
{
    private const int MaxReplyLines = 100;
    private readonly byte[] _buffer = new byte[4096];
    private Stream _stream = stream;
    private int _start, _end;

    /// <summary>Extensions that the server named in its last answer to EHLO, in upper case, with what follows them.</summary>
    public IReadOnlyList<string> Extensions { get; private set; } = [];

    public static async Task<SmtpConversation> ConnectAsync(string server, int port, CancellationToken ct)
    {
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(server, port, ct);
            return new(client.GetStream());
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public bool Offers(string extension) =>
        Extensions.Any(line => line.StartsWith(extension, StringComparison.Ordinal) && (line.Length == extension.Length || line[extension.Length] == ' '));

    /// <summary>Goes on in TLS. What came in clear after the server's word to begin is not believed (RFC 3207 §6: it may be another's).</summary>
    public async Task StartTlsAsync(string server, X509Certificate2Collection? authorities, CancellationToken ct)
    {
        if (_start != _end)
            throw new IOException("The mail server went on talking in clear after it had agreed to TLS.");
        var options = new SslClientAuthenticationOptions { TargetHost = server };
        if (authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        var tls = new SslStream(_stream);
        _stream = tls;
        await tls.AuthenticateAsClientAsync(options, ct);
        Extensions = []; // said in clear
    }

    public async Task HelloAsync(string name, CancellationToken ct)
    {
        var reply = await CommandAsync($"EHLO {name}", 250, ct);
        Extensions = [.. reply.Lines.Skip(1).Select(line => line.ToUpperInvariant())];
    }

    /// <summary>Sends a command and takes the answer.</summary>
    /// <exception cref="SmtpRefusedException">The server answered otherwise than hoped.</exception>
    public async Task<SmtpReply> CommandAsync(string command, int expected, CancellationToken ct)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), ct);
        await _stream.FlushAsync(ct);
        return await ExpectAsync(expected, command.Split(' ')[0], ct);
    }

    /// <summary>Takes an answer.</summary>
    /// <param name="to">What it answers, for the message of a refusal.</param>
    public async Task<SmtpReply> ExpectAsync(int expected, string to, CancellationToken ct)
    {
        var lines = new List<string>();
        while (lines.Count < MaxReplyLines)
        {
            var line = await ReadLineAsync(ct);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) || (line.Length > 3 && line[3] is not (' ' or '-')))
                throw new IOException("The mail server does not speak SMTP.");
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] == '-')
                continue;
            var reply = new SmtpReply(code, lines);
            return code == expected ? reply : throw new SmtpRefusedException(to, reply);
        }
        throw new IOException("The mail server's answer does not end.");
    }

    /// <summary>Sends the message's lines after DATA: a dot at a line's beginning doubled, one alone at the end (RFC 5321 §4.5.2).</summary>
    /// <param name="message">Every line ended by CR LF.</param>
    public async Task SendTextAsync(string message, CancellationToken ct)
    {
        var stuffed = message.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        await _stream.WriteAsync(Encoding.UTF8.GetBytes((stuffed.StartsWith('.') ? "." : "") + stuffed + ".\r\n"), ct);
        await _stream.FlushAsync(ct);
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private async Task<string> ReadLineAsync(CancellationToken ct)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, await _stream.ReadAsync(_buffer, ct));
                if (_end == 0)
                    throw new IOException("The mail server hung up.");
            }
            var rest = _buffer.AsSpan(_start.._end);
            var lineEnd = rest.IndexOf((byte)'\n');
            line.Append(Encoding.UTF8.GetString(lineEnd < 0 ? rest : rest[..lineEnd]));
            _start += lineEnd < 0 ? rest.Length : lineEnd + 1;
            if (lineEnd >= 0)
                return line.ToString().TrimEnd('\r');
            if (line.Length > _buffer.Length)
                throw new IOException("The mail server's answer does not end.");
        }
    }
}

/// <summary>The server answered a command otherwise than hoped.</summary>
internal sealed class SmtpRefusedException(string command, SmtpReply reply) : Exception($"The mail server answered {command} with: {reply}")
{
    public string Command => command;
    public SmtpReply Reply => reply;
}
