namespace CodeZero.Hub.Identity.Domain;

/// <summary>A personal access token: its person, within some permissions, and perhaps within some organizations. Of the token itself only the hash is kept.</summary>
internal sealed class PersonalToken(
    Guid id, Guid userId, string name, byte[] hash, string[] permissions, Guid[]? organizations, string[] amr, string securityStamp, DateTimeOffset createdAt, DateTimeOffset expiresAt)
{
    public Guid Id { get; private set; } = id;
    public Guid UserId { get; private set; } = userId;
    public string Name { get; private set; } = name;
    public byte[] Hash { get; private set; } = hash;
    public string[] Permissions { get; private set; } = permissions;

    /// <summary>Null: all of the person's.</summary>
    public Guid[]? Organizations { get; private set; } = organizations;

    /// <summary>How the person had signed in when they made it: <see cref="AuthenticationMethods"/>.</summary>
    public string[] Amr { get; private set; } = amr;

    /// <summary>The account's stamp then: what ends the person's sessions ends the token.</summary>
    public string SecurityStamp { get; private set; } = securityStamp;

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    /// <summary>To about a minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    public DateTimeOffset? RevokedAt { get; private set; }
}
