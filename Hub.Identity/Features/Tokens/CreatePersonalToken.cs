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

/// <summary>POST /v1/me/tokens: makes a personal access token, by which programs act as the caller within its permissions.</summary>
public static class CreatePersonalToken
{
    /// <param name="Name">What it is for.</param>
    /// <param name="Permissions">What it may do, where the person may; as in the table of roles.</param>
    /// <param name="Organizations">Limits it to these organizations of the person, by slug or id; absent: all, also those of later.</param>
    /// <param name="ExpiresInDays">1 to 366. Default 90.</param>
    public sealed record Request(
        [Required, StringLength(ApiTokenRules.MaxNameLength)] string Name,
        [Required, MinLength(1), MaxLength(ApiTokenRules.MaxPermissions)] IReadOnlyList<string> Permissions,
        [MinLength(1), MaxLength(ApiTokenRules.MaxOrganizations)] IReadOnlyList<string>? Organizations,
        [Range(1, ApiTokenRules.MaxDays)] int? ExpiresInDays);

    /// <param name="Secret">The token. Shown this once: keep it where it is used.</param>
    public sealed record Response(PersonalTokenResource Token, string Secret);

    [EndpointSummary("Make a personal access token")]
    internal static async Task<Results<Created<Response>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, ClaimsPrincipal user, Tenant tenant, IdentityDb db, Organizations memberships, PersonalTokens tokens, TimeProvider clock, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        if (ApiTokenRules.FindFaultOfName(request.Name) is { } fault)
            return Problems.Invalid("name", fault);
        var (permissions, unknown) = ApiTokenRules.Find(request.Permissions);
        if (permissions is null)
            return Problems.Invalid("permissions", ApiTokenProblems.UnknownPermission(unknown!));
        await db.Database.BeginTransactionAsync(ct); // after Signed.In: it names the person, whose memberships are looked up
        HashSet<Guid>? organizations = request.Organizations is null ? null : [];
        foreach (var name in request.Organizations ?? [])
            if (await memberships.OfPerson(userId).SingleOrDefaultAsync(membership => membership.Slug == name || membership.OrganizationId.ToString() == name, ct) is { } membership)
                organizations!.Add(membership.OrganizationId);
            else
                return Problems.Invalid("organizations", ApiTokenProblems.UnknownOrganization(name));
        var stamp = await RecentSignIn.FindStampAsync(user, db, ct);
        var creation = await tokens.CreateAsync(userId, stamp, request.Name, permissions, organizations, request.ExpiresInDays ?? ApiTokenRules.DefaultDays, OrganizationRule.MethodsOf(user), ct);
        if (creation is not PersonalTokenCreation.Made(var kept, var token))
            return creation is PersonalTokenCreation.TooMany ? ApiTokenProblems.TooMany(ApiTokenProblems.TooManyOfPerson) : RecentSignIn.Refuse();
        http.Response.Headers.CacheControl = "no-store";
        var shown = await tokens.Of(userId).SingleAsync(row => row.Id == kept.Id, ct);
        return TypedResults.Created($"/v1/me/tokens/{kept.Id}", new Response(PersonalTokenResource.Of(shown, clock.GetUtcNow()), token.Reveal()));
    }
}
