namespace CodeZero.Hub.Contracts;

/// <summary>What a member may do in an organization; each role may do all that the ones before it may.</summary>
/// <remarks>The table of roles and rights is in <c>docs/roles.md</c>.</remarks>
public enum OrganizationRole
{
    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Reads, and manages plans, invoices and payment.</summary>
    Billing,

    /// <summary>Publishes applications, installs and approves.</summary>
    Developer,

    /// <summary>Manages clusters, members and settings.</summary>
    Admin,

    /// <summary>Everything, the organization's end included.</summary>
    Owner,
}

/// <summary>One person's place in one organization.</summary>
/// <param name="MfaRequiredFrom">From when on the organization lets this member in only after a sign-in with more than one factor; null: with any.</param>
/// <param name="SsoRequired">Whether the organization lets members in only after a sign-in through its own provider.</param>
/// <param name="BreakGlass">Whether this one gets in without it too, by two factors of their own.</param>
public sealed record Membership(Guid OrganizationId, string Slug, string Name, OrganizationRole Role, DateTimeOffset? MfaRequiredFrom = null, bool SsoRequired = false, bool BreakGlass = false);

/// <summary>What other modules may ask of organizations. Implemented by Hub.Identity.</summary>
public interface IOrganizations
{
    /// <summary>The user's membership in the organization with this slug or id; null when there is none, whether or not the organization exists.</summary>
    Task<Membership?> FindMembershipAsync(Guid userId, string slugOrId, CancellationToken ct);

    /// <summary>The id of the organization with this slug; null when there is none.</summary>
    Task<Guid?> FindIdAsync(string slug, CancellationToken ct);

    /// <summary>The slug of an organization; null when there is none.</summary>
    Task<string?> FindSlugAsync(Guid organizationId, CancellationToken ct);

    /// <summary>Every organization's id, for jobs that visit one tenant after the other.</summary>
    IAsyncEnumerable<Guid> AllIdsAsync(CancellationToken ct);
}
