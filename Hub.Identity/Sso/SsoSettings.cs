using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>What an organization says of its provider, checked.</summary>
/// <param name="Secret">The client secret; null keeps the one there is.</param>
/// <param name="BreakGlass">The owners who get in without the provider while it is enforced; empty while it is not.</param>
internal sealed record SsoSettings(
    string Issuer, string ClientId, SsoAuthentication Authentication, string? Secret, IReadOnlyList<string> Scopes, string EmailClaim, MultiFactorTrust MultiFactor, OrganizationRole? JoinRole,
    bool Enforced, IReadOnlyList<Guid> BreakGlass);

/// <summary>The rules for settings, as far as they need no database.</summary>
internal static class SsoRules
{
    public const int MaxBreakGlass = 10;
    public const int MaxScopes = 10;

    public static readonly IReadOnlyList<string> EmailClaims = ["email", "preferred_username", "upn"];
    public static readonly IReadOnlyList<string> DefaultScopes = ["openid", "email", "profile"];

    /// <summary>The field that is wrong, and a sentence for its author; null when none is.</summary>
    public static (string Field, string Why)? FindFault(SsoSettings settings, SsoDirectory directory)
    {
        if (directory.FindFault(settings.Issuer) is { } issuer)
            return ("issuer", issuer);
        if (settings.ClientId.Length == 0 || !Scopes.IsVisibleText(settings.ClientId))
            return ("clientId", "A client identifier is printable ASCII, as the provider gave it.");
        if (settings.Secret is { } secret && (secret.Length == 0 || secret.Any(char.IsControl)))
            return ("clientSecret", "A client secret is one line of text, as the provider gave it.");
        if (settings is { Authentication: SsoAuthentication.Key, Secret: not null })
            return ("clientSecret", "With a key there is no secret. Leave it out.");
        if (!settings.Scopes.Contains("openid") || settings.Scopes.Any(scope => Scopes.Parse(scope) is not { Length: 1 }))
            return ("scopes", "Scopes are single words, 'openid' among them.");
        if (!EmailClaims.Contains(settings.EmailClaim))
            return ("emailClaim", $"The address stands in one of these claims: {string.Join(", ", EmailClaims)}.");
        if (settings.JoinRole is not (null or OrganizationRole.Viewer or OrganizationRole.Developer))
            return ("joinRole", "People join as viewer or developer. Give a higher role to each by name.");
        return settings.Enforced != settings.BreakGlass.Count > 0
            ? ("breakGlass", "Name the owners who get in without the provider, for the day that it fails, when and only when it is enforced.")
            : null;
    }
}
