using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PUT /v1/orgs/{org}/clients/{client}, with If-Match: replaces all of its settings. A client that becomes one with a secret gets it by POST …/secrets.</summary>
public static class ChangeClient
{
    [EndpointSummary("Change a client")]
    internal static async Task<Results<Ok<ClientResource>, ValidationProblem, ProblemHttpResult>> Handle(
        Guid client, ClientSettings request, HttpContext http, Caller caller, IdentityDb db, ClientRegistrations clients, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        if (await db.Clients.SingleOrDefaultAsync(row => row.Id == client, ct) is not { } found)
            return Problems.NotFound();
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(found.Version)) is { } refused)
            return refused;
        var (settings, faults) = ClientRules.Check(request, options.Value.Issuer, caller.Organization);
        if (settings is null)
            return TypedResults.ValidationProblem(faults.ToDictionary());
        await clients.ChangeAsync(found, settings, ct);
        http.Response.Headers.ETag = ETags.OfVersion(found.Version);
        return TypedResults.Ok(ClientResource.Of(found, await clients.SecretsOfAsync(found, ct)));
    }
}
