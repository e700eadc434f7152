using System.Globalization;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Mail;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Tells a person by mail what was changed about how their account is signed in to.</summary>
internal sealed class SecurityNotices(IdentityDb db, Emails emails, AccountMails mails, IHttpContextAccessor http, TimeProvider clock)
{
    /// <summary>Sends the notice if, and only if, the current transaction commits.</summary>
    /// <param name="what">One sentence that says what was done.</param>
    public Task SendAsync(Person person, string what, CancellationToken ct) => emails.EnqueueAsync(db, mails.SecurityNotice(person.Email!, what, Describe()), ct);

    private string Describe()
    {
        var time = clock.GetUtcNow().ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);
        return http.HttpContext is { } context ? $"On {time}, by {UserAgent.Describe(context.Request.Headers.UserAgent)} at {context.Connection.RemoteIpAddress}." : $"On {time}.";
    }
}
