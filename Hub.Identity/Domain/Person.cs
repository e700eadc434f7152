using Microsoft.AspNetCore.Identity;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An account. It belongs to no organization: memberships say where its person works.</summary>
internal sealed class Person : IdentityUser<Guid>
{
    /// <summary>The longest e-mail address (RFC 5321 §4.5.3.1.3, without the angle brackets).</summary>
    public const int MaxEmailLength = 254;

    public const int MaxNameLength = 100;

    private Person()
    {
    }

    /// <param name="passkeyHandle">The handle of a passkey that was made before the account; null makes one.</param>
    public Person(string email, DateTimeOffset createdAt, string? passkeyHandle = null)
    {
        Id = Guid.CreateVersion7(createdAt);
        UserName = email;
        Email = email;
        CreatedAt = createdAt;
        LockoutEnabled = true;
        SecurityStamp = Guid.CreateVersion7().ToString("N");
        PasskeyHandle = passkeyHandle ?? Protocol.Secrets.New();
    }

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>What the person wants to be called; null when they did not say.</summary>
    public string? Name { get; private set; }

    /// <summary>What authenticators keep of the account: random, and told to nobody else (WebAuthn Level 3 §14.6.1).</summary>
    public string PasskeyHandle { get; private set; } = "";

    /// <summary>Wrong passwords lock for minutes; an end that never comes is an administrator's doing.</summary>
    public bool IsDisabled => LockoutEnd == DateTimeOffset.MaxValue;

    public bool IsLocked(DateTimeOffset now) => LockoutEnd > now;
}
