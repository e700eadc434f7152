using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>For whom access tokens are.</summary>
internal static class Audiences
{
    /// <summary>The Hub's API for people.</summary>
    public static string Api(string issuer) => issuer + "/v1";
}

/// <summary>
/// Resource indicators (RFC 8707). An authorization request may name several; an access token is for exactly one, because an API that gets a token for two
/// could use it at the other.
/// </summary>
internal static class Resources
{
    public const int MaxCount = 10;
    private const int MaxLength = 400;

    /// <summary>What is wrong with a resource as a name, as the end of a sentence; null when nothing is (§2).</summary>
    public static string? FindFault(string resource) =>
        resource.Length <= MaxLength && Scopes.IsVisibleText(resource) && !resource.Contains(' ', StringComparison.Ordinal) && Uri.TryCreate(resource, UriKind.Absolute, out _) && !resource.Contains('#', StringComparison.Ordinal)
            ? null
            : $"is not an absolute URI without fragment, of at most {MaxLength} characters";

    /// <summary>Why these may not be asked for in an authorization request; null when they may.</summary>
    public static OAuthError? FindError(IReadOnlyCollection<string> requested, Client client, string issuer) =>
        requested.Count <= MaxCount && requested.All(resource => client.Resources.Contains(resource) || (resource == Audiences.Api(issuer) && client.Scopes.Contains(Scopes.Hub)))
            ? null
            : OAuthError.InvalidTarget("A resource is no absolute URI, not known, or not allowed to this client.");

    /// <summary>The audience of an access token of this grant: the resource named, which must have been granted; else the Hub's API, or what was granted first, or the provider itself.</summary>
    /// <param name="scopes">Those of the token; default: of the grant.</param>
    public static (string? Audience, OAuthError? Error) Choose(IReadOnlyList<string> requested, Grant grant, string issuer, IReadOnlyCollection<string>? scopes = null)
    {
        var api = Audiences.Api(issuer);
        IReadOnlyList<string> granted = grant.Resources.Length > 0 ? grant.Resources : grant.Scopes.Contains(Scopes.Hub) ? [api] : [];
        return requested switch
        {
            [] when granted.Contains(api) && (scopes ?? grant.Scopes).Contains(Scopes.Hub) => (api, null),
            [] => (granted.FirstOrDefault(resource => resource != api) ?? issuer, null),
            [var one] when granted.Contains(one) => (one, null),
            _ => (null, OAuthError.InvalidTarget("Name one resource that was granted, or none.")),
        };
    }
}
