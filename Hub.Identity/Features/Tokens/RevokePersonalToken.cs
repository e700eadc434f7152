using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/me/tokens/{token}: void from the next request on.</summary>
public static class RevokePersonalToken
{
    [EndpointSummary("Revoke one of your personal access tokens")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid token, ClaimsPrincipal user, Tenant tenant, PersonalTokens tokens, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        return await tokens.RevokeAsync(userId, token, ct) ? TypedResults.NoContent() : Problems.NotFound();
    }
}
