using System.Text.Json;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Messaging;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>The way features send messages: kept if, and only if, what they tell of is, and delivered after the commit, at least once.</summary>
public sealed class Emails(IDataProtectionProvider protection, IOptions<MailOptions> options)
{
    internal const string Channel = "emails";
    private readonly IDataProtector _protector = protection.CreateProtector("CodeZero.Hub.Platform.Emails");

    /// <summary>Sends the message when, and if, the current transaction commits.</summary>
    /// <exception cref="InvalidOperationException">There is no transaction.</exception>
    public async Task EnqueueAsync(DbContext db, EmailMessage message, CancellationToken ct)
    {
        // Without a server nothing is due, ever: what was kept to be looked at must not go out when one is named later.
        await using (var insert = db.CreateTransactionCommand("insert into platform.emails (id, message, next_attempt_at) values ($1, $2, case when $3 then now() else 'infinity' end)"))
        {
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() });
            insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = _protector.Protect(JsonSerializer.SerializeToUtf8Bytes(message)) });
            insert.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = options.Value.IsConfigured });
            await insert.ExecuteNonQueryAsync(ct);
        }
        await db.NotifyAsync(Channel, "", ct);
    }

    internal EmailMessage Open(byte[] kept) => JsonSerializer.Deserialize<EmailMessage>(_protector.Unprotect(kept))!;
}
