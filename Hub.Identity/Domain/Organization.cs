using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Which organization has which slug: asked before the tenant is known, so it holds nothing else.</summary>
internal sealed class DirectoryEntry(Guid id, string slug)
{
    public Guid Id { get; private set; } = id;
    public string Slug { get; private set; } = slug;
}

/// <summary>The tenant: what people, applications, clusters and invoices belong to.</summary>
internal sealed class Organization(Guid organizationId, string name, DateTimeOffset createdAt) : ITenantOwned
{
    public const int MaxNameLength = 100;

    public Guid OrganizationId { get; private set; } = organizationId;
    public string Name { get; private set; } = name;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
}

/// <summary>A person's place in an organization.</summary>
internal sealed class Member(Guid organizationId, Guid userId, OrganizationRole role, DateTimeOffset since) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid UserId { get; private set; } = userId;
    public OrganizationRole Role { get; private set; } = role;
    public DateTimeOffset Since { get; private set; } = since;

    public void BecomeA(OrganizationRole role) => Role = role;
}
