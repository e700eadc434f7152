using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/me/sessions/{session}: signs the caller out at one browser. What was connected from there stays connected.</summary>
public static class EndSession
{
    [EndpointSummary("Sign out at one browser")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid session, ClaimsPrincipal user, Tenant tenant, Sessions sessions, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        return await sessions.EndAsync(userId, session, ct) ? TypedResults.NoContent() : Problems.NotFound();
    }
}
