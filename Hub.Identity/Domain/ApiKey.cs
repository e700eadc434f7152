using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An organization's API key: a program with a role, within some permissions. Of the key itself only the hash is kept.</summary>
internal sealed class ApiKey(
    Guid organizationId, Guid id, string name, byte[] hash, OrganizationRole role, string[] permissions, Guid createdBy, DateTimeOffset createdAt, DateTimeOffset expiresAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid Id { get; private set; } = id;
    public string Name { get; private set; } = name;
    public byte[] Hash { get; private set; } = hash;

    /// <summary>At most admin, and at most what its maker had then.</summary>
    public OrganizationRole Role { get; private set; } = role;

    public string[] Permissions { get; private set; } = permissions;
    public Guid CreatedBy { get; private set; } = createdBy;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    /// <summary>To about a minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    public DateTimeOffset? RevokedAt { get; private set; }
}
