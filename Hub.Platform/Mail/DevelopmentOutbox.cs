using System.Net;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Security;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>A message that was kept because there is no mail server.</summary>
public sealed record KeptEmail(DateTimeOffset At, EmailMessage Message);

/// <summary>
/// What a Hub without a mail server would have sent. Open only where nobody else can look: no server is set, and both the Hub's address and its issuer are this
/// machine's own loopback address; and only to a browser on this machine.
/// </summary>
public sealed class DevelopmentOutbox(NpgsqlDataSource database, Emails emails, IOptions<MailOptions> mail, IOptions<HubOptions> hub, IOptions<AccessTokenOptions> tokens)
{
    private const int Shown = 500;

    /// <summary>Whether messages are shown to somebody at this network address.</summary>
    public bool IsOpenTo(IPAddress? address) =>
        !mail.Value.IsConfigured && hub.Value.PublicUrl!.IsLoopback && new Uri(tokens.Value.Issuer!).IsLoopback && address is not null && IPAddress.IsLoopback(address);

    /// <summary>The newest messages, newest first.</summary>
    /// <param name="to">Only those to this address; null for all.</param>
    public async Task<IReadOnlyList<KeptEmail>> ReadAsync(string? to, CancellationToken ct)
    {
        await using var command = database.CreateCommand("select created_at, message from platform.emails order by id desc limit $1");
        command.Parameters.Add(new() { Value = Shown });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var kept = new List<KeptEmail>();
        while (await reader.ReadAsync(ct))
            kept.Add(new(reader.GetFieldValue<DateTimeOffset>(0), emails.Open(reader.GetFieldValue<byte[]>(1))));
        return [.. kept.Where(email => to is null || email.Message.To.Equals(to, StringComparison.OrdinalIgnoreCase))];
    }
}
