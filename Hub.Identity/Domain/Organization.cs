using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Which organization has which slug: asked before the tenant is known, so it holds nothing else. An organization's end leaves it, so that no slug is given twice.</summary>
internal sealed class DirectoryEntry(Guid id, string slug)
{
    public Guid Id { get; private set; } = id;
    public string Slug { get; private set; } = slug;
    public DateTimeOffset? EndedAt { get; private set; }
}

/// <summary>The tenant: what people, applications, clusters and invoices belong to.</summary>
internal sealed class Organization(Guid organizationId, string name, DateTimeOffset createdAt) : ITenantOwned
{
    public const int MaxNameLength = 100;

    /// <summary>How long owners are let in without a second factor after the organization began to ask for one: time for each to set theirs up.</summary>
    public static readonly TimeSpan OwnersGrace = TimeSpan.FromDays(7);

    public Guid OrganizationId { get; private set; } = organizationId;
    public string Name { get; private set; } = name;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;

    /// <summary>Since when members must sign in with more than one factor; null: they need not.</summary>
    public DateTimeOffset? MfaRequiredSince { get; private set; }

    /// <summary>Since when members must sign in through the organization's own provider; null: they need not.</summary>
    public DateTimeOffset? SsoRequiredSince { get; private set; }

    public uint RowVersion { get; private set; }

    public void Rename(string name) => Name = name;

    public void RequireMfa(bool required, DateTimeOffset now) => MfaRequiredSince = required ? MfaRequiredSince ?? now : null;

    public void RequireSso(bool required, DateTimeOffset now) => SsoRequiredSince = required ? SsoRequiredSince ?? now : null;

    /// <summary>From when on a member of this role is let in with more than one factor only.</summary>
    public static DateTimeOffset? MfaRequiredFrom(DateTimeOffset? since, OrganizationRole role) => role == OrganizationRole.Owner ? since + OwnersGrace : since;
}

/// <summary>A person's place in an organization.</summary>
internal sealed class Member(Guid organizationId, Guid userId, OrganizationRole role, DateTimeOffset since) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid UserId { get; private set; } = userId;
    public OrganizationRole Role { get; private set; } = role;
    public DateTimeOffset Since { get; private set; } = since;

    /// <summary>An owner who gets in by factors of their own also while everybody else must sign in through the organization's provider: for the day that it fails.</summary>
    public bool BreakGlass { get; private set; }

    public uint RowVersion { get; private set; }

    public void BecomeA(OrganizationRole role) => (Role, BreakGlass) = (role, BreakGlass && role == OrganizationRole.Owner);

    public void BreakTheGlass(bool may) => BreakGlass = may;
}
