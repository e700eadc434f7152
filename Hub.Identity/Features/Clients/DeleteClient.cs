using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/clients/{client}: all that people allowed it ends with it.</summary>
public static class DeleteClient
{
    [EndpointSummary("Delete a client")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid client, IdentityDb db, ClientRegistrations clients, CancellationToken ct)
    {
        if (await db.Clients.SingleOrDefaultAsync(row => row.Id == client, ct) is not { } found)
            return Problems.NotFound();
        await clients.DeleteAsync(found, ct);
        return TypedResults.NoContent();
    }
}
