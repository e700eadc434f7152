using System.Globalization;
using CodeZero.Hub.Platform.Mail;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a person is told of the end of their account.</summary>
internal static class AccountDeletionMails
{
    public static EmailMessage Requested(string to, DateTimeOffset due, string issuer) => new(to, "Your CodeZero account will be deleted", $"""
        The end of your CodeZero account was asked for. It will be deleted on {due.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}, with all that it holds of you.

        To keep it, sign in before that day and choose "Keep my account":
        {issuer}/account/data

        If it was not you: do so now, and change your password.

        """.ReplaceLineEndings("\n"));

    public static EmailMessage Done(string to) => new(to, "Your CodeZero account is deleted", """
        Your CodeZero account is deleted, as you asked a week ago. This is our last message to you.

        Organizations that you worked in keep in their audit logs what you did there.

        """.ReplaceLineEndings("\n"));

    public static EmailMessage NotDone(string to, string why, string issuer) => new(to, "Your CodeZero account was not deleted", $"""
        Your CodeZero account was due to be deleted today, and was not, because something changed since you asked:

        {why}

        Then ask again:
        {issuer}/account/data

        """.ReplaceLineEndings("\n"));
}
