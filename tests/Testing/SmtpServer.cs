using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CodeZero.Testing;

/// <summary>An SMTP server (RFC 5321) on a port of its own that keeps what it is given, and notes every breach of the protocol. It offers STARTTLS and AUTH PLAIN unless told otherwise.</summary>
public sealed class SmtpServer : IAsyncDisposable
{
    public const string UserName = "hub";
    public const string Password = "pass word ü";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentDictionary<string, string> _refusals = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<ReceivedEmail> _received = [];
    private readonly Task _accepting;

    private SmtpServer()
    {
        _certificate = Certify();
        CertificateFile = Path.Combine(Path.GetTempPath(), $"codezero-smtp-{Guid.CreateVersion7():N}.pem");
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The server's own certificate, for <c>localhost</c>; nobody's machine trusts it.</summary>
    public string CertificateFile { get; }

    /// <summary>Whether STARTTLS is offered. Default true.</summary>
    public bool OffersStartTls { get; init; } = true;

    /// <summary>Whether TLS begins with the connection. Default false.</summary>
    public bool BeginsInTls { get; init; }

    /// <summary>Said in clear right behind the agreement to STARTTLS, as somebody on the wire would.</summary>
    public string? InjectedAfterStartTls { get; init; }

    /// <summary>What a client did that it must not: empty when it kept to the protocol.</summary>
    public ConcurrentQueue<string> Violations { get; } = [];

    public IReadOnlyCollection<ReceivedEmail> Received => _received;

    /// <summary>Settings of a Hub that sends here, over STARTTLS and with a password.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Hub:Mail:Server"] = "localhost",
        ["Hub:Mail:Port"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["Hub:Mail:UserName"] = UserName,
        ["Hub:Mail:Password"] = Password,
        ["Hub:Mail:From"] = "hub@codezero.example",
        ["Hub:Mail:CertificateAuthorityFile"] = CertificateFile,
    };

    public static SmtpServer Start(bool offersStartTls = true, bool beginsInTls = false, string? injectedAfterStartTls = null) =>
        new() { OffersStartTls = offersStartTls, BeginsInTls = beginsInTls, InjectedAfterStartTls = injectedAfterStartTls };

    /// <summary>From now on this recipient is refused with the reply, such as <c>550 no such user</c>; with null taken again.</summary>
    public void Refuse(string recipient, string? reply)
    {
        if (reply is null)
            _refusals.TryRemove(recipient, out _);
        else
            _refusals[recipient] = reply;
    }

    /// <summary>The next message to somebody that has not been waited for, whose subject contains a text.</summary>
    public async Task<ReceivedEmail> WaitForAsync(string to, string subject = "")
    {
        var email = await Eventually.GetAsync(() => Task.FromResult(_received.FirstOrDefault(email => !email.IsSeen
            && email.To.Equals(to, StringComparison.OrdinalIgnoreCase) && email.Subject.Contains(subject, StringComparison.Ordinal))), found => found is not null);
        email!.IsSeen = true;
        return email;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        File.Delete(CertificateFile);
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
            try
            {
                await new Session(this, client.GetStream()).RunAsync(_stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                // the client went away, or did not like the certificate
            }
    }

    private static X509Certificate2 Certify()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class Session(SmtpServer server, Stream connection)
    {
        private Stream _stream = connection;
        private bool _isSecure;
        private string? _user, _from, _to;
        private bool _isInternational;

        public async Task RunAsync(CancellationToken ct)
        {
            if (server.BeginsInTls)
                await SecureAsync(ct);
            await SayAsync("220 localhost ready", ct);
            while (await ReadLineAsync(ct) is { } line)
            {
                var (verb, rest) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? (line[..space].ToUpperInvariant(), line[(space + 1)..]) : (line.ToUpperInvariant(), "");
                switch (verb)
                {
                    case "EHLO":
                        await SayAsync($"250-localhost greets {rest}\r\n" + (server.OffersStartTls && !_isSecure ? "250-STARTTLS\r\n" : "") + (_isSecure ? "250-AUTH LOGIN PLAIN\r\n" : "") + "250-SMTPUTF8\r\n250 8BITMIME", ct);
                        break;
                    case "STARTTLS" when server.OffersStartTls && !_isSecure:
                        await SayAsync("220 go ahead" + (server.InjectedAfterStartTls is { } injected ? "\r\n" + injected : ""), ct);
                        await SecureAsync(ct);
                        break;
                    case "AUTH":
                        await SayAsync(Authenticate(rest) ? "235 welcome" : "535 5.7.8 no", ct);
                        break;
                    case "MAIL":
                        (_from, _isInternational) = (Address(rest, "FROM:"), rest.EndsWith(" SMTPUTF8", StringComparison.Ordinal));
                        await SayAsync("250 ok", ct);
                        break;
                    case "RCPT":
                        var to = Address(rest, "TO:");
                        if (server._refusals.TryGetValue(to, out var refusal))
                            await SayAsync(refusal, ct);
                        else
                        {
                            _to = to;
                            await SayAsync("250 ok", ct);
                        }
                        break;
                    case "DATA" when _from is not null && _to is not null:
                        await SayAsync("354 end with a dot", ct);
                        server._received.Enqueue(await ReceiveAsync(ct));
                        await SayAsync("250 taken", ct);
                        break;
                    case "QUIT":
                        await SayAsync("221 bye", ct);
                        return;
                    default:
                        server.Violations.Enqueue($"unexpected: {line}");
                        await SayAsync("503 not now", ct);
                        break;
                }
            }
        }

        private bool Authenticate(string rest)
        {
            if (!_isSecure)
                server.Violations.Enqueue("a password in clear");
            if (!rest.StartsWith("PLAIN ", StringComparison.Ordinal) || Encoding.UTF8.GetString(Convert.FromBase64String(rest[6..])) != $"\0{UserName}\0{Password}")
                return false;
            _user = UserName;
            return true;
        }

        private async Task<ReceivedEmail> ReceiveAsync(CancellationToken ct)
        {
            var lines = new List<string>();
            while (await ReadLineAsync(ct) is { } line && line != ".")
            {
                if (line.Length > 998)
                    server.Violations.Enqueue("a line of more than 998 characters");
                if (!_isInternational && line.Any(character => character > '~'))
                    server.Violations.Enqueue($"not ASCII: {line}");
                lines.Add(line.StartsWith('.') ? line[1..] : line);
            }
            var email = ReceivedEmail.Parse(_from!, _to!, lines, _isSecure, _user);
            (_from, _to) = (null, null);
            return email;
        }

        private string Address(string rest, string keyword)
        {
            var end = rest.IndexOf('>', StringComparison.Ordinal);
            if (rest.StartsWith(keyword + "<", StringComparison.Ordinal) && end > 0)
                return rest[(keyword.Length + 1)..end];
            server.Violations.Enqueue($"no address: {rest}");
            return "";
        }

        private async Task SecureAsync(CancellationToken ct)
        {
            var tls = new SslStream(_stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = server._certificate }, ct);
            (_stream, _isSecure) = (tls, true);
        }

        private async Task SayAsync(string line, CancellationToken ct)
        {
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), ct);
            await _stream.FlushAsync(ct);
        }

        private async Task<string?> ReadLineAsync(CancellationToken ct)
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await _stream.ReadAsync(one, ct) == 1)
            {
                if (one[0] != '\n')
                {
                    line.Add(one[0]);
                    continue;
                }
                if (line.Count == 0 || line[^1] != '\r')
                    server.Violations.Enqueue("a line end that is none (RFC 5321 §2.3.8)");
                else
                    line.RemoveAt(line.Count - 1);
                if (line.Contains((byte)'\r'))
                    server.Violations.Enqueue("a carriage return within a line");
                return Encoding.UTF8.GetString([.. line]);
            }
            return null;
        }
    }
}
