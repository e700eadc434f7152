using System.Security.Claims;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// GET and POST /connect/userinfo (OpenID Connect Core §5.3): who the person is, for an access token with the scope <c>openid</c> that is for the provider or for
/// the Hub's API. Not for tokens of other resources: an API that is sent one must not learn more by it.
/// </summary>
internal static class UserInfo
{
    /// <summary>The authentication scheme of its access tokens.</summary>
    public const string Scheme = "userinfo";

    internal static async Task<IResult> Handle(HttpContext context, ClaimsPrincipal user, IdentityDb db, ClientRegistry clients, PersonTokens people, TimeProvider clock, CancellationToken ct)
    {
        if (await IsMisusedAsync(context.Request, ct))
            return new Refusal(StatusCodes.Status400BadRequest, "invalid_request", "Send the access token in the Authorization header, and nowhere else (RFC 6750 section 2).");
        var scopes = user.FindFirstValue("scope")?.Split(' ') ?? [];
        if (!scopes.Contains(Scopes.OpenId))
            return new Refusal(StatusCodes.Status403Forbidden, "insufficient_scope", "The access token does not have the scope openid.");
        if (!Guid.TryParse(user.FindFirstValue(TokenIssuer.GrantClaim), out var id) || await db.Grants.AsNoTracking().SingleOrDefaultAsync(g => g.Id == id, ct) is not { } grant
            || await people.ReadStateAsync(grant, await clients.FindAsync(grant.ClientId, ct), ct) is not { Person: { } person } state || state.FindError(grant, clock.GetUtcNow()) is not null)
            return new Refusal(StatusCodes.Status401Unauthorized, DpopError.InvalidToken, "What the access token stands on has ended. The person has to sign in again.");
        var claims = new JsonObject { ["sub"] = person.Id.ToString() };
        if (scopes.Contains(Scopes.Email))
            (claims["email"], claims["email_verified"]) = (person.Email, person.EmailConfirmed);
        if (grant.LimitedTo is { } organization)
            claims[OrganizationRule.LimitClaim] = organization.ToString();
        return OAuthAnswer.Ok(claims, OAuthAnswer.Json.Default.JsonObject);
    }

    /// <summary>Whether there is a second token, or a form in which one cannot be looked for.</summary>
    private static async Task<bool> IsMisusedAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.Query.ContainsKey("access_token"))
            return true;
        return FormBody.IsForm(request) && !((await FormBody.ReadAnyAsync(request, ct)).Form is { IsOverlong: false } form && !form.Contains("access_token"));
    }

    /// <summary>RFC 6750 §3.1.</summary>
    private sealed class Refusal(int status, string error, string description) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var parameters = $"error=\"{error}\", error_description=\"{description}\"";
            httpContext.Response.Headers.WWWAuthenticate = new([$"DPoP algs=\"ES256\", {parameters}", $"Bearer realm=\"codezero\", {parameters}"]);
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.CacheControl = "no-store";
            return OAuthAnswer.WriteAsync(httpContext.Response, new(error, description));
        }
    }
}
