using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/me/tokens/{token}.</summary>
public static class GetPersonalToken
{
    [EndpointSummary("Read one of your personal access tokens")]
    internal static async Task<Results<Ok<PersonalTokenResource>, ProblemHttpResult>> Handle(
        Guid token, ClaimsPrincipal user, Tenant tenant, PersonalTokens tokens, TimeProvider clock, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        return await tokens.Of(userId).SingleOrDefaultAsync(row => row.Id == token, ct) is { } found ? TypedResults.Ok(PersonalTokenResource.Of(found, clock.GetUtcNow())) : Problems.NotFound();
    }
}
