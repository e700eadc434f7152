using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>Through which provider an organization's members sign in, as the API shows it. The secret is shown to nobody.</summary>
/// <param name="PublicKey">The Hub's key as a JWK, to be registered at the provider; null with a secret.</param>
/// <param name="JoinRole">The role in which people join who sign in and are no member yet; null: nobody does.</param>
/// <param name="Enforced">Whether members get in by the provider alone.</param>
/// <param name="BreakGlass">The owners who get in without it.</param>
/// <param name="RedirectUri">The address to register at the provider.</param>
public sealed record SsoResource(
    string Issuer, string ClientId, SsoAuthentication Authentication, JsonElement? PublicKey, IReadOnlyList<string> Scopes, string EmailClaim, MultiFactorTrust MultiFactor, OrganizationRole? JoinRole,
    bool Enforced, IReadOnlyList<Guid> BreakGlass, string RedirectUri, DateTimeOffset ChangedAt)
{
    internal static SsoResource Of(SsoProvider provider, bool enforced, IReadOnlyList<Guid> breakGlass, string hub) => new(
        provider.Issuer, provider.ClientId, provider.Authentication, provider.PublicKey is { } key ? JsonElement.Parse(key) : null, provider.Scopes, provider.EmailClaim, provider.MultiFactor, provider.JoinRole,
        enforced, breakGlass, hub + SsoSignIns.CallbackPath, provider.ChangedAt);
}

/// <summary>Why settings were not changed, in words.</summary>
internal static class SsoProblems
{
    /// <summary>Null when they were.</summary>
    public static ProblemHttpResult? Of(SsoChange change) => change switch
    {
        SsoChange.SecretMissing => Problems.Invalid("clientSecret", "A new provider, client or way to authenticate needs its secret: the one that is kept goes to nobody else."),
        SsoChange.NoDomain => Problems.Conflict("sso.no_domain", "Nobody can sign in through the provider before the organization has a verified domain. Verify one first."),
        SsoChange.UnfitBreakGlass => Problems.Conflict("sso.break_glass_unfit",
            "A break-glass owner is an owner with a passkey, or with a password and an authenticator. Let each of those named set one up first, or name others."),
        SsoChange.WouldLockOut => Problems.Conflict("sso.own_sign_in", "You would lock yourself out. Be one of the break-glass owners yourself, with two factors of your own."),
        _ => null,
    };

    /// <summary>The same as a sentence for a page.</summary>
    public static string? Describe(SsoChange change) => Of(change)?.ProblemDetails switch
    {
        null => null,
        Microsoft.AspNetCore.Http.HttpValidationProblemDetails invalid => invalid.Errors.Values.First()[0],
        var problem => problem.Detail,
    };
}
