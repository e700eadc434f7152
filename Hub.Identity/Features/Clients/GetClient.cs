using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/clients/{client}.</summary>
public static class GetClient
{
    [EndpointSummary("Read a client")]
    internal static async Task<Results<Ok<ClientResource>, ProblemHttpResult>> Handle(Guid client, HttpContext http, IdentityDb db, ClientRegistrations clients, CancellationToken ct)
    {
        if (await db.Clients.SingleOrDefaultAsync(row => row.Id == client, ct) is not { } found)
            return Problems.NotFound();
        http.Response.Headers.ETag = ETags.OfVersion(found.Version);
        return TypedResults.Ok(ClientResource.Of(found, await clients.SecretsOfAsync(found, ct)));
    }
}
