namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a link in a message is for.</summary>
internal enum EmailPurpose
{
    /// <summary>To make an account with the address.</summary>
    SignUp,

    /// <summary>To choose a new password.</summary>
    PasswordReset,

    /// <summary>To use the address for an account there is.</summary>
    AddressChange,
}

/// <summary>A link that was sent by mail: who opens it has the address. Good once, for a time, and while the account is as it was.</summary>
internal sealed class EmailProof(
    byte[] hash, EmailPurpose purpose, string email, string normalizedEmail, Guid? userId, string? securityStamp, DateTimeOffset createdAt, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;
    public EmailPurpose Purpose { get; private set; } = purpose;

    /// <summary>The address it was sent to.</summary>
    public string Email { get; private set; } = email;

    public string NormalizedEmail { get; private set; } = normalizedEmail;

    /// <summary>The account it is for; null for one that is still to be made.</summary>
    public Guid? UserId { get; private set; } = userId;

    /// <summary>The account's stamp when it was sent: a changed password or address ends it.</summary>
    public string? SecurityStamp { get; private set; } = securityStamp;

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}
