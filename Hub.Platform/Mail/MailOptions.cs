using System.ComponentModel.DataAnnotations;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>How the connection to the mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>STARTTLS before anything is said (RFC 3207); a server that does not offer it is not spoken to. Port 587 unless set.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314 §3.3). Port 465 unless set.</summary>
    Tls,

    /// <summary>In clear, for a relay on this machine or a network of your own; a password is then refused. Port 25 unless set.</summary>
    None,
}

/// <summary>
/// The section <c>Hub:Mail</c>: the SMTP server that takes the Hub's messages. Needed wherever others can reach the Hub; on this machine's own loopback address
/// messages are kept instead, and shown at <c>/dev/outbox</c>.
/// </summary>
public sealed class MailOptions : IValidatableObject
{
    public const string Section = "Hub:Mail";

    /// <summary>Host name of the SMTP server, as in its certificate.</summary>
    public string? Server { get; set; }

    /// <summary>Default <see cref="MailSecurity.StartTls"/>.</summary>
    public MailSecurity Security { get; set; } = MailSecurity.StartTls;

    /// <summary>Default: as <see cref="Security"/> says.</summary>
    public int? Port { get; set; }

    /// <summary>Name and password for the server (AUTH PLAIN, RFC 4616). Default: none; both or neither.</summary>
    public string? UserName { get; set; }

    /// <inheritdoc cref="UserName"/>
    public string? Password { get; set; }

    /// <summary>The address messages come from, such as <c>hub@example.com</c>. Required with <see cref="Server"/>.</summary>
    public string? From { get; set; }

    /// <summary>The name beside <see cref="From"/>. Default <c>CodeZero Hub</c>.</summary>
    public string FromName { get; set; } = "CodeZero Hub";

    /// <summary>PEM file with the authority that signed the server's certificate, when it is one of your own. Default: the machine's trusted authorities.</summary>
    public string? CertificateAuthorityFile { get; set; }

    /// <summary>Whether there is a server to send to.</summary>
    public bool IsConfigured => !string.IsNullOrEmpty(Server);

    internal int EffectivePort => Port ?? Security switch { MailSecurity.StartTls => 587, MailSecurity.Tls => 465, _ => 25 };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsConfigured)
            yield break;
        if (Uri.CheckHostName(Server) == UriHostNameType.Unknown)
            yield return new($"Hub:Mail:Server is '{Server}'. It must be a host name or an address, without port or scheme; the port is Hub:Mail:Port.");
        if (Port is < 1 or > 65535)
            yield return new($"Hub:Mail:Port is {Port}. It must be from 1 to 65535.");
        if (From is null || !From.Contains('@', StringComparison.Ordinal) || !IsPlain(From) || From.Any(char.IsWhiteSpace))
            yield return new("Hub:Mail:From is missing, or no bare e-mail address. Set it to the address messages come from, such as hub@example.com.");
        if (!IsPlain(FromName))
            yield return new("Hub:Mail:FromName has a character that a name in a message cannot have. Leave out angle brackets and control characters.");
        if (string.IsNullOrEmpty(UserName) != string.IsNullOrEmpty(Password))
            yield return new("Hub:Mail:UserName and Hub:Mail:Password need each other. Set both, or neither for a server that asks for none.");
        if (Security == MailSecurity.None && !string.IsNullOrEmpty(Password))
            yield return new("Hub:Mail:Security is None: Hub:Mail:Password would be sent in clear. Set Security to StartTls or Tls.");
        if (!string.IsNullOrEmpty(CertificateAuthorityFile) && !File.Exists(CertificateAuthorityFile))
            yield return new($"Hub:Mail:CertificateAuthorityFile '{CertificateAuthorityFile}' is not there. Name a PEM file that the Hub may read.");
    }

    private static bool IsPlain(string text) => !text.Any(character => char.IsControl(character) || character is '<' or '>');
}
