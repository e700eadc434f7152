using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/keys: makes an API key, by which programs act for the organization and for nobody in it.</summary>
public static class CreateApiKey
{
    /// <param name="Name">What it is for.</param>
    /// <param name="Role">At most the caller's own, and at most admin. Default: the lowest that has all the permissions.</param>
    /// <param name="Permissions">What it may do; as in the table of roles.</param>
    /// <param name="ExpiresInDays">1 to 366. Default 90.</param>
    public sealed record Request(
        [Required, StringLength(ApiTokenRules.MaxNameLength)] string Name,
        OrganizationRole? Role,
        [Required, MinLength(1), MaxLength(ApiTokenRules.MaxPermissions)] IReadOnlyList<string> Permissions,
        [Range(1, ApiTokenRules.MaxDays)] int? ExpiresInDays);

    /// <param name="Secret">The key. Shown this once: keep it where it is used.</param>
    public sealed record Response(ApiKeyResource Key, string Secret);

    [EndpointSummary("Make an API key")]
    internal static async Task<Results<Created<Response>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Caller caller, ApiKeys keys, TimeProvider clock, CancellationToken ct)
    {
        if (ApiTokenRules.FindFaultOfName(request.Name) is { } fault)
            return Problems.Invalid("name", fault);
        var (permissions, unknown) = ApiTokenRules.Find(request.Permissions);
        if (permissions is null)
            return Problems.Invalid("permissions", ApiTokenProblems.UnknownPermission(unknown!));
        var lowest = ApiTokenRules.LowestRole(permissions);
        if (request.Role < lowest)
            return Problems.Invalid("role", $"These permissions need the role {lowest.ToString().ToLowerInvariant()} or higher.");
        switch (await keys.CreateAsync(caller.Id, request.Name, request.Role ?? lowest, permissions, request.ExpiresInDays ?? ApiTokenRules.DefaultDays, ct))
        {
            case ApiKeyResult.Made made:
                http.Response.Headers.CacheControl = "no-store";
                return TypedResults.Created($"/v1/orgs/{caller.OrganizationSlug}/keys/{made.Key.Id}", new Response(ApiKeyResource.Of(made.Key, clock.GetUtcNow()), made.Token.Reveal()));
            case ApiKeyResult.TooMany:
                return ApiTokenProblems.TooMany(ApiTokenProblems.TooManyOfOrganization);
            default:
                return Problems.Create(StatusCodes.Status403Forbidden, "key.role_above_own", ApiTokenProblems.RoleAboveOwn);
        }
    }
}
