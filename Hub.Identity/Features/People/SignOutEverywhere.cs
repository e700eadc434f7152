using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/me/sessions: signs the caller out everywhere, and everything out that they connected: this token's family too.</summary>
public static class SignOutEverywhere
{
    [EndpointSummary("Sign out everywhere")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(ClaimsPrincipal user, Tenant tenant, Sessions sessions, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        await sessions.EndAllAsync(userId, ct);
        return TypedResults.NoContent();
    }
}
