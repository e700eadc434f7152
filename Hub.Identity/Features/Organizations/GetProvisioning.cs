using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>How an organization's members are provisioned by its directory (SCIM).</summary>
/// <param name="BaseAddress">What the directory is given to call.</param>
/// <param name="Users">Users of the directory here, those that are not active among them.</param>
/// <param name="LastCallAt">When a call last succeeded, to the minute; null: none did.</param>
public sealed record ProvisioningResource(string BaseAddress, int Users, int ActiveUsers, int Groups, DateTimeOffset? LastCallAt)
{
    internal static async Task<ProvisioningResource> ReadAsync(ScimDirectories directories, ScimAddresses addresses, CancellationToken ct)
    {
        var standing = await directories.ReadAsync(ct);
        return new(await addresses.BaseAsync(ct), standing.Users, standing.ActiveUsers, standing.Groups, standing.LastCallAt);
    }
}

/// <summary>GET /v1/orgs/{org}/provisioning: where the directory calls, and how it stands.</summary>
public static class GetProvisioning
{
    [EndpointSummary("Get how members are provisioned")]
    internal static async Task<Ok<ProvisioningResource>> Handle(ScimDirectories directories, ScimAddresses addresses, CancellationToken ct) =>
        TypedResults.Ok(await ProvisioningResource.ReadAsync(directories, addresses, ct));
}
