using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>How members must sign in.</summary>
/// <param name="RequireMfa">Whether with more than one factor: a passkey, or a password with a code.</param>
/// <param name="RequiredSince">Since when; null when not.</param>
/// <param name="OwnersFrom">From when on owners too: a week later, time for each to set up theirs.</param>
public sealed record PolicyResource(bool RequireMfa, DateTimeOffset? RequiredSince, DateTimeOffset? OwnersFrom)
{
    internal static PolicyResource Of(Organization organization) => new(
        organization.MfaRequiredSince is not null, organization.MfaRequiredSince, Organization.MfaRequiredFrom(organization.MfaRequiredSince, Contracts.OrganizationRole.Owner));
}

/// <summary>GET /v1/orgs/{org}/policy.</summary>
public static class GetPolicy
{
    [EndpointSummary("Get how members must sign in")]
    internal static async Task<Ok<PolicyResource>> Handle(HttpResponse response, IdentityDb db, CancellationToken ct)
    {
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        response.Headers.ETag = ETags.OfVersion(organization.RowVersion);
        return TypedResults.Ok(PolicyResource.Of(organization));
    }
}

/// <summary>PUT /v1/orgs/{org}/policy, with If-Match. Who asks for a second factor must have signed in with one, so that nobody locks everybody out.</summary>
public static class SetPolicy
{
    public sealed record Request([Required] bool? RequireMfa);

    internal const string OwnSignIn = "You signed in without a second factor yourself. Set one up, sign in with it, and then ask it of the others.";

    [EndpointSummary("Say how members must sign in")]
    internal static async Task<Results<Ok<PolicyResource>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, ClaimsPrincipal user, IdentityDb db, OrganizationSettings settings, CancellationToken ct)
    {
        if (await db.Organizations.SingleOrDefaultAsync(ct) is not { } organization)
            return Problems.NotFound(); // it was ended in this moment
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(organization.RowVersion)) is { } refused)
            return refused;
        if (!await settings.RequireMfaAsync(organization, request.RequireMfa!.Value, OrganizationRule.MethodsOf(user), ct))
            return Problems.Conflict("policy.own_sign_in", OwnSignIn);
        http.Response.Headers.ETag = ETags.OfVersion(organization.RowVersion);
        return TypedResults.Ok(PolicyResource.Of(organization));
    }
}
