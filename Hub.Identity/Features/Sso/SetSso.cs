using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// PUT /v1/orgs/{org}/sso: says through which provider members sign in, and whether they must; with If-Match when there is one. Another issuer or client ends what the former one signed in.
/// </summary>
public static class SetSso
{
    /// <param name="Issuer">The provider's issuer, exactly as its discovery document has it: an https address without query or fragment.</param>
    /// <param name="ClientSecret">Left out, the one there is stays; needed for another issuer or client.</param>
    /// <param name="Authentication">Default: by secret.</param>
    /// <param name="Scopes">At most 10, <c>openid</c> among them. Default: <c>openid</c>, <c>email</c>, <c>profile</c>.</param>
    /// <param name="EmailClaim"><c>email</c> (default), <c>preferred_username</c> or <c>upn</c>.</param>
    /// <param name="MultiFactor">When a sign-in counts as one with more than one factor, in this organization. Default: never.</param>
    /// <param name="JoinRole"><c>viewer</c> or <c>developer</c>; null or absent: who is no member does not get in.</param>
    /// <param name="Enforced">Whether members get in through the provider alone. Default: false.</param>
    /// <param name="BreakGlass">The owners who get in by two factors of their own while it is enforced: 1 to 10, the caller among them.</param>
    public sealed record Request(
        [Required, StringLength(SsoProvider.MaxIssuerLength, MinimumLength = 1)] string Issuer,
        [Required, StringLength(SsoProvider.MaxClientIdLength, MinimumLength = 1)] string ClientId,
        [StringLength(SsoProvider.MaxSecretLength, MinimumLength = 1)] string? ClientSecret = null,
        SsoAuthentication? Authentication = null,
        [MaxLength(SsoRules.MaxScopes)] IReadOnlyList<string>? Scopes = null,
        [StringLength(40)] string? EmailClaim = null,
        MultiFactorTrust? MultiFactor = null,
        OrganizationRole? JoinRole = null,
        bool? Enforced = null,
        [MaxLength(SsoRules.MaxBreakGlass)] IReadOnlyList<Guid>? BreakGlass = null)
    {
        internal SsoSettings ToSettings() => new(
            Issuer, ClientId, Authentication ?? SsoAuthentication.Secret, ClientSecret, Scopes ?? SsoRules.DefaultScopes, EmailClaim ?? SsoRules.EmailClaims[0], MultiFactor ?? MultiFactorTrust.Never, JoinRole,
            Enforced ?? false, BreakGlass ?? []);
    }

    [EndpointSummary("Say through which provider members sign in")]
    internal static async Task<Results<Ok<SsoResource>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Caller caller, SsoProviders providers, SsoDirectory directory, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        var settings = request.ToSettings();
        if (SsoRules.FindFault(settings, directory) is var (field, why))
            return Problems.Invalid(field, why);
        var present = await providers.FindAndLockAsync(ct);
        if (present is not null && ETags.RequireMatch(http.Request, ETags.OfVersion(present.RowVersion)) is { } refused)
            return refused;
        if (SsoProblems.Of(await providers.SaveAsync(present, settings, caller.UserId, ct)) is { } problem)
            return problem;
        var saved = (await providers.FindAsync(ct))!;
        http.Response.Headers.ETag = ETags.OfVersion(saved.RowVersion);
        return TypedResults.Ok(SsoResource.Of(saved, settings.Enforced, settings.BreakGlass, options.Value.Issuer));
    }
}
