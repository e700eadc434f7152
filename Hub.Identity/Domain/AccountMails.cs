using CodeZero.Hub.Platform.Mail;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What the Hub writes to people about their accounts.</summary>
/// <param name="issuer">Where the pages are: links are made of it, never of a request.</param>
internal sealed class AccountMails(string issuer)
{
    public EmailMessage FinishSignUp(string to, string secret, string query) => Message(to, "Finish signing up to CodeZero Hub", $"""
        Somebody, we think you, wants to make an account with this address. Choose a password here:

        {issuer}/signup/complete?token={secret}{query}

        {Validity(EmailPurpose.SignUp)} If it was not you, do nothing: no account is made.
        """);

    public EmailMessage SignUpOfOwner(string to) => Message(to, "You have an account on CodeZero Hub", $"""
        Somebody, we think you, wants to make an account with this address. It has one already.

        Sign in:                   {issuer}/signin
        If the password is lost:   {issuer}/forgot

        If it was not you, do nothing: nothing was changed.
        """);

    public EmailMessage ResetPassword(string to, string secret) => Message(to, "Choose a new password for CodeZero Hub", $"""
        Somebody, we think you, asked for a new password for this account. Choose it here:

        {issuer}/reset?token={secret}

        {Validity(EmailPurpose.PasswordReset)} If it was not you, do nothing: the password stays as it is.
        """);

    public EmailMessage ResetOfNobody(string to) => Message(to, "No account on CodeZero Hub has this address", $"""
        Somebody, we think you, asked for a new password for the account of this address. There is no such account: perhaps yours has another address.

        Sign up:   {issuer}/signup

        If it was not you, do nothing.
        """);

    public EmailMessage ConfirmAddress(string to, string secret) => Message(to, "Confirm this address for CodeZero Hub", $"""
        Somebody, we think you, wants to use this address for their account. Confirm it here, in a browser where you are signed in:

        {issuer}/account/email/confirm?token={secret}

        {Validity(EmailPurpose.AddressChange)} If it was not you, do nothing: the address is not used.
        """);

    public EmailMessage AddressOfAnother(string to) => Message(to, "This address stays with your account on CodeZero Hub", $"""
        Somebody who is signed in to another account wants to use this address for it. It belongs to your account, and stays there.

        If that was you: sign in to the account of this address and change its address first: {issuer}/account
        If it was not you, do nothing.
        """);

    /// <summary>A change that could be an attacker's: whoever did not make it learns at once, and what to do.</summary>
    /// <param name="what">One sentence that says what was done.</param>
    /// <param name="circumstances">When and from where.</param>
    public EmailMessage SecurityNotice(string to, string what, string circumstances) => Message(to, "A security change to your account on CodeZero Hub", $"""
        {what}
        {circumstances}

        If that was you, all is well. If it was not, choose a new password now, which signs everybody out, and then look at what can sign in:

        {issuer}/forgot
        {issuer}/account/security
        """);

    private static EmailMessage Message(string to, string subject, string text) => new(to, subject, $"Hello,\n\n{text}\n\nCodeZero Hub");

    private static string Validity(EmailPurpose purpose) =>
        EmailProofs.LifetimeOf(purpose) is { TotalHours: > 1 and var hours } ? $"The link works once, for {hours:0} hours." : "The link works once, for an hour.";
}
