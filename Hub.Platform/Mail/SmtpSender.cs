using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>Hands messages to the SMTP server of <see cref="MailOptions"/>, one connection each.</summary>
internal sealed class SmtpSender(IOptions<MailOptions> options, TimeProvider clock) : IEmailSender
{
    /// <summary>For the whole conversation: a server that takes longer is tried again later.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly MailOptions _mail = options.Value;
    private readonly Lazy<X509Certificate2Collection?> _authorities = new(() => ReadAuthorities(options.Value.CertificateAuthorityFile));

    public async Task SendAsync(Guid id, EmailMessage message, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(Deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            await using var smtp = await OpenAsync(either.Token);
            await DeliverAsync(smtp, id, message, either.Token);
        }
        catch (SmtpRefusedException e)
        {
            // Only a refusal of this recipient or this text is about this message; the others pass, or an operator mends them.
            throw new EmailNotSentException(e.Message, e.Command is "RCPT" or "DATA" && e.Reply.IsPermanentRefusal, e);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or CryptographicException)
        {
            throw new EmailNotSentException($"The mail server {_mail.Server}:{_mail.EffectivePort} cannot be used: {e.Message}", isPermanent: false, e);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EmailNotSentException($"The mail server {_mail.Server}:{_mail.EffectivePort} did not finish within {Deadline.TotalSeconds:0} seconds.", isPermanent: false, e);
        }
    }

    private async Task<SmtpConversation> OpenAsync(CancellationToken ct)
    {
        var name = Environment.MachineName is { Length: > 0 } host && host.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.') ? host : "localhost";
        var smtp = await SmtpConversation.ConnectAsync(_mail.Server!, _mail.EffectivePort, ct);
        try
        {
            if (_mail.Security == MailSecurity.Tls)
                await smtp.StartTlsAsync(_mail.Server!, _authorities.Value, ct);
            await smtp.ExpectAsync(220, "the connection", ct);
            await smtp.HelloAsync(name, ct);
            if (_mail.Security == MailSecurity.StartTls)
            {
                if (!smtp.Offers("STARTTLS"))
                    throw new IOException("it does not offer STARTTLS, and nothing is sent in clear.");
                await smtp.CommandAsync("STARTTLS", 220, ct);
                await smtp.StartTlsAsync(_mail.Server!, _authorities.Value, ct);
                await smtp.HelloAsync(name, ct);
            }
            if (!string.IsNullOrEmpty(_mail.Password))
                await smtp.CommandAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{_mail.UserName}\0{_mail.Password}"))}", 235, ct);
            return smtp;
        }
        catch
        {
            await smtp.DisposeAsync();
            throw;
        }
    }

    private async Task DeliverAsync(SmtpConversation smtp, Guid id, EmailMessage message, CancellationToken ct)
    {
        var text = MimeText.Write(id, message, _mail.From!, _mail.FromName, clock.GetUtcNow()); // first: it refuses what must not become a command either
        var international = !(Ascii.IsValid(message.To) && Ascii.IsValid(_mail.From!));
        if (international && !smtp.Offers("SMTPUTF8"))
            throw new EmailNotSentException("The address has characters beyond ASCII, which the mail server does not take (RFC 6531).", isPermanent: true);
        await smtp.CommandAsync($"MAIL FROM:<{_mail.From}>{(international ? " SMTPUTF8" : "")}", 250, ct);
        await smtp.CommandAsync($"RCPT TO:<{message.To}>", 250, ct);
        await smtp.CommandAsync("DATA", 354, ct);
        await smtp.SendTextAsync(text, ct);
        await smtp.ExpectAsync(250, "DATA", ct);
        await QuitAsync(smtp, ct);
    }

    /// <summary>The message is the server's by now; how the conversation ends changes nothing.</summary>
    private static async Task QuitAsync(SmtpConversation smtp, CancellationToken ct)
    {
        try
        {
            await smtp.CommandAsync("QUIT", 221, ct);
        }
        catch (Exception e) when (e is IOException or SmtpRefusedException or OperationCanceledException)
        {
            // and a message sent must not be sent again
        }
    }

    private static X509Certificate2Collection? ReadAuthorities(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities;
    }
}
