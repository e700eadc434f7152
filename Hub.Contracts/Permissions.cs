namespace CodeZero.Hub.Contracts;

/// <summary>Something that members may do in an organization, from a role upward.</summary>
/// <param name="Name">Stable: <c>things.verb</c>. Tokens are limited by these names.</param>
/// <param name="Minimum">The lowest role that may.</param>
#pragma warning disable CA1711 // the suffix was reserved for code access security, which .NET no longer has
public sealed record Permission(string Name, OrganizationRole Minimum);
#pragma warning restore CA1711

/// <summary>Who may do what: every route of an organization asks for one of these. <c>docs/roles.md</c> shows the same table.</summary>
public static class Permissions
{
    /// <summary>See the organization's name and one's own role.</summary>
    public static Permission ReadOrganization { get; } = new("organization.read", OrganizationRole.Viewer);

    /// <summary>Rename the organization.</summary>
    public static Permission ManageOrganization { get; } = new("organization.manage", OrganizationRole.Admin);

    /// <summary>End the organization, for good.</summary>
    public static Permission DeleteOrganization { get; } = new("organization.delete", OrganizationRole.Owner);

    /// <summary>Leave the organization.</summary>
    public static Permission LeaveOrganization { get; } = new("organization.leave", OrganizationRole.Viewer);

    /// <summary>Hand the organization over to another member.</summary>
    public static Permission TransferOrganization { get; } = new("organization.transfer", OrganizationRole.Owner);

    /// <summary>See who is a member, and in which role.</summary>
    public static Permission ReadMembers { get; } = new("members.read", OrganizationRole.Viewer);

    /// <summary>Invite, remove, and change roles, up to one's own role.</summary>
    public static Permission ManageMembers { get; } = new("members.manage", OrganizationRole.Admin);

    /// <summary>Provision members and their roles, up to admin, by a directory (SCIM), and end that.</summary>
    public static Permission ProvisionMembers { get; } = new("members.provision", OrganizationRole.Admin);

    /// <summary>See the organization's domains.</summary>
    public static Permission ReadDomains { get; } = new("domains.read", OrganizationRole.Viewer);

    /// <summary>Claim, verify and give up domains, and say who joins by them.</summary>
    public static Permission ManageDomains { get; } = new("domains.manage", OrganizationRole.Admin);

    /// <summary>See how members must sign in.</summary>
    public static Permission ReadPolicy { get; } = new("policy.read", OrganizationRole.Viewer);

    /// <summary>Say how members must sign in.</summary>
    public static Permission ManagePolicy { get; } = new("policy.manage", OrganizationRole.Owner);

    /// <summary>See through which provider members sign in.</summary>
    public static Permission ReadSso { get; } = new("sso.read", OrganizationRole.Admin);

    /// <summary>Say through which provider members sign in, and whether they must.</summary>
    public static Permission ManageSso { get; } = new("sso.manage", OrganizationRole.Owner);

    /// <summary>Read and export the audit log, which holds network addresses of members.</summary>
    public static Permission ReadAudit { get; } = new("audit.read", OrganizationRole.Admin);

    /// <summary>See the clients that the organization registered at the sign-in.</summary>
    public static Permission ReadClients { get; } = new("clients.read", OrganizationRole.Viewer);

    /// <summary>Register, change and delete clients of the sign-in, and make their secrets.</summary>
    public static Permission ManageClients { get; } = new("clients.manage", OrganizationRole.Admin);

    /// <summary>See the organization's API keys, but no secret.</summary>
    public static Permission ReadKeys { get; } = new("keys.read", OrganizationRole.Admin);

    /// <summary>Make and revoke API keys.</summary>
    public static Permission ManageKeys { get; } = new("keys.manage", OrganizationRole.Admin);

    /// <summary>See the organization's applications, the private ones too.</summary>
    public static Permission ReadApplications { get; } = new("apps.read", OrganizationRole.Viewer);

    /// <summary>Publish versions of applications.</summary>
    public static Permission PublishApplications { get; } = new("apps.publish", OrganizationRole.Developer);

    /// <summary>Say who may see an application.</summary>
    public static Permission ManageApplications { get; } = new("apps.manage", OrganizationRole.Admin);

    /// <summary>See clusters, what is installed there, and what they report.</summary>
    public static Permission ReadClusters { get; } = new("clusters.read", OrganizationRole.Viewer);

    /// <summary>Add and remove clusters, enrol, accept and revoke their agents.</summary>
    public static Permission ManageClusters { get; } = new("clusters.manage", OrganizationRole.Admin);

    /// <summary>Ask for installs, change and withdraw them.</summary>
    public static Permission ManageInstalls { get; } = new("installs.manage", OrganizationRole.Developer);

    /// <summary>Hand over signed approvals, which count by their key and not by a role.</summary>
    public static Permission SubmitApprovals { get; } = new("approvals.submit", OrganizationRole.Developer);

    /// <summary>Every permission there is.</summary>
    public static IReadOnlyList<Permission> All { get; } =
    [
        ReadOrganization, ManageOrganization, DeleteOrganization, LeaveOrganization, TransferOrganization,
        ReadMembers, ManageMembers, ProvisionMembers, ReadDomains, ManageDomains, ReadPolicy, ManagePolicy, ReadSso, ManageSso, ReadAudit,
        ReadClients, ManageClients, ReadKeys, ManageKeys,
        ReadApplications, PublishApplications, ManageApplications, ReadClusters, ManageClusters, ManageInstalls, SubmitApprovals,
    ];

    /// <summary>
    /// Those that a personal access token or an API key can have: no token makes tokens, leaves an organization, or does what asks a person for a recent sign-in.
    /// </summary>
    public static IReadOnlyList<Permission> ForTokens { get; } = [.. All.Except([ManageKeys, LeaveOrganization, DeleteOrganization, TransferOrganization, ManagePolicy, ManageSso])];
}
