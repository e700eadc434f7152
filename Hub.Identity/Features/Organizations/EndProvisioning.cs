using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/provisioning: forgets the directory's users and groups. Members stay members, in their roles.</summary>
public static class EndProvisioning
{
    [EndpointSummary("End provisioning by a directory")]
    internal static async Task<NoContent> Handle(ScimDirectories directories, CancellationToken ct)
    {
        await directories.EndAsync(ct);
        return TypedResults.NoContent();
    }
}
