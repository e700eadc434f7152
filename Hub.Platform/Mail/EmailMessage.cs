namespace CodeZero.Hub.Platform.Mail;

/// <summary>A message to one person, in plain text: nothing in it can look like what it is not.</summary>
/// <param name="To">The bare address, without name or angle brackets. Must have been checked: no spaces, no control characters.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">Lines ended by a line feed.</param>
public sealed record EmailMessage(string To, string Subject, string Text);

/// <summary>Hands a message to the mail system now. Features do not call it: they enqueue with <see cref="Emails"/>, in the transaction of what they tell of.</summary>
public interface IEmailSender
{
    /// <param name="id">The message's identity, the same when it is tried again.</param>
    /// <exception cref="EmailNotSentException">It was not taken, and why.</exception>
    Task SendAsync(Guid id, EmailMessage message, CancellationToken ct);
}

/// <summary>The mail system did not take a message.</summary>
public sealed class EmailNotSentException(string message, bool isPermanent, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Trying again will not help: the server refused this recipient or this message (a 5xx reply, RFC 5321 §4.2.1).</summary>
    public bool IsPermanent => isPermanent;
}
