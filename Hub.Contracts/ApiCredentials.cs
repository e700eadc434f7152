namespace CodeZero.Hub.Contracts;

/// <summary>What stands behind a token that programs send, looked up at each request: as it is now, not as it was when the token was made.</summary>
/// <param name="Id">Of the token. Not secret.</param>
/// <param name="Name">What its maker calls it.</param>
/// <param name="Permissions">Names of <see cref="Contracts.Permissions"/>; it may do nothing else.</param>
public abstract record ApiCredential(Guid Id, string Name, IReadOnlySet<string> Permissions);

/// <summary>A personal access token: a person, within the token's permissions.</summary>
/// <param name="UserId">Whose it is. What the person may is for their memberships to say.</param>
/// <param name="Amr">How the person had signed in when they made it (RFC 8176).</param>
/// <param name="Organizations">The organizations it is limited to; null: all of the person's.</param>
public sealed record PersonalCredential(Guid Id, string Name, IReadOnlySet<string> Permissions, Guid UserId, IReadOnlyList<string> Amr, IReadOnlySet<Guid>? Organizations)
    : ApiCredential(Id, Name, Permissions);

/// <summary>An organization's API key: a program of the organization, and no person.</summary>
/// <param name="Membership">The organization, and the role that the key has there.</param>
public sealed record KeyCredential(Guid Id, string Name, IReadOnlySet<string> Permissions, Membership Membership) : ApiCredential(Id, Name, Permissions);

/// <summary>Where tokens of people and keys of organizations are looked up. Implemented by Hub.Identity.</summary>
public interface IApiCredentials
{
    /// <summary>
    /// What the token stands for; null when it is not known, expired, revoked, or its person is disabled, gone, or has changed how they sign in. Notes that it was used.
    /// </summary>
    /// <param name="organizationId">The organization that an API key names; null for a personal access token.</param>
    /// <param name="hash">SHA-256 of the whole token.</param>
    Task<ApiCredential?> FindAsync(Guid? organizationId, byte[] hash, CancellationToken ct);
}
