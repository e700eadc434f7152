using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A part of the Hub, and what a token may do there, in words for who makes it.</summary>
internal sealed record PermissionGroup(string Title, IReadOnlyList<(Permission Permission, string Words)> Permissions);

/// <summary>The permissions that tokens can have, grouped and explained.</summary>
internal static class PermissionWords
{
    public static readonly IReadOnlyList<PermissionGroup> Groups =
    [
        new("Applications",
        [
            (Permissions.ReadApplications, "See applications, the private ones too"),
            (Permissions.PublishApplications, "Publish versions"),
            (Permissions.ManageApplications, "Say who may see an application"),
        ]),
        new("Clusters",
        [
            (Permissions.ReadClusters, "See clusters, what is installed there, and what they report"),
            (Permissions.ManageInstalls, "Ask for installs, change and withdraw them"),
            (Permissions.SubmitApprovals, "Hand over signed approvals, which count by their key"),
            (Permissions.ManageClusters, "Add and remove clusters, enrol, accept and revoke their agents"),
        ]),
        new("Organization",
        [
            (Permissions.ReadOrganization, "See its name"),
            (Permissions.ManageOrganization, "Rename it"),
            (Permissions.ReadMembers, "See who is a member, and in which role"),
            (Permissions.ManageMembers, "Invite and remove members, and change their roles"),
            (Permissions.ProvisionMembers, "Provision members and their roles by a directory (SCIM)"),
            (Permissions.ReadDomains, "See domains"),
            (Permissions.ManageDomains, "Claim, verify and give up domains, and say who joins by them"),
            (Permissions.ReadPolicy, "See how members must sign in"),
            (Permissions.ReadSso, "See through which provider they sign in"),
            (Permissions.ReadAudit, "Read and export the audit log"),
        ]),
        new("Sign-in and keys",
        [
            (Permissions.ReadClients, "See the applications that people sign in to by the Hub"),
            (Permissions.ManageClients, "Register, change and delete them, and make their secrets"),
            (Permissions.ReadKeys, "See API keys, but no secret"),
        ]),
    ];
}
