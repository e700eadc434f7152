using System.Collections.Immutable;
using System.Text.Json;
using CodeZero.Hub.Identity.Features;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A client's settings as they may be registered, complete.</summary>
/// <param name="Keys">A JWK Set as text; null but for <c>private_key_jwt</c>.</param>
internal sealed record AcceptedClient(
    string Name, bool Enabled, string AuthenticationMethod, string AssertionAlgorithm, string? Keys, string IdTokenAlgorithm, ImmutableArray<string> Grants, ImmutableArray<string> RedirectUris,
    ImmutableArray<string> PostLogoutRedirectUris, ImmutableArray<string> Scopes, ImmutableArray<string> Resources, bool RequireDpop, bool RequirePar);

/// <summary>The rules of registering a client (compare RFC 7591 §2 and §5).</summary>
internal static class ClientRules
{
    private const int MaxKeys = 10;

    /// <summary>The scopes that an organization's client may have for people: not the Hub's own API, in which it would act for them in every organization of theirs.</summary>
    private static readonly string[] ScopesForPeople = [Scopes.OpenId, Scopes.OfflineAccess, Scopes.Email];

    /// <summary>What stands before the names of an organization's own resources. No organization can name another's, nor the Hub's.</summary>
    public static string ResourcePrefix(string issuer, Guid organizationId) => $"{issuer}/orgs/{organizationId}/";

    /// <summary>The settings, with what was left out filled in; or what is wrong, by field.</summary>
    public static (AcceptedClient? Client, IReadOnlyDictionary<string, string[]> Faults) Check(ClientSettings settings, string issuer, Guid organizationId)
    {
        var given = settings.Keys is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } set ? JwkSet.TryRead(set) ?? [] : null;
        var client = new AcceptedClient(
            settings.Name.Trim(), settings.Enabled ?? true, settings.AuthenticationMethod ?? ClientAuthenticationMethods.PrivateKeyJwt, settings.AssertionAlgorithm ?? SigningAlgorithms.Es256, given is null ? null : JwkSet.ToText(given),
            settings.IdTokenAlgorithm ?? SigningAlgorithms.Rs256, Each(settings.Grants ?? GrantTypes.Default), Each(settings.RedirectUris), Each(settings.PostLogoutRedirectUris),
            Each(settings.Scopes), Each(settings.Resources), settings.RequireDpop ?? false, settings.RequirePushedRequests ?? false);
        var faults = Find(client, given, ResourcePrefix(issuer, organizationId)).GroupBy(fault => fault.Field).ToDictionary(field => field.Key, field => field.Select(fault => fault.Reason).ToArray());
        return (faults.Count == 0 ? client : null, faults);
    }

    private static IEnumerable<(string Field, string Reason)> Find(AcceptedClient client, List<ClientKey>? keys, string resourcePrefix) =>
        [.. FindOfAuthentication(client, keys), .. FindOfGrants(client), .. FindOfAddresses(client), .. FindOfScopes(client, resourcePrefix)];

    private static IEnumerable<(string Field, string Reason)> FindOfAuthentication(AcceptedClient client, List<ClientKey>? keys)
    {
        if (client.Name.Length == 0 || client.Name.Any(char.IsControl))
            yield return ("name", "A name has at least one character, on one line.");
        if (!ClientAuthenticationMethods.All.Contains(client.AuthenticationMethod))
            yield return ("authenticationMethod", $"Choose one of {string.Join(", ", ClientAuthenticationMethods.All)}.");
        if (!SigningAlgorithms.OfAssertions.Contains(client.AssertionAlgorithm))
            yield return ("assertionAlgorithm", $"Choose one of {string.Join(", ", SigningAlgorithms.OfAssertions)}.");
        if (!SigningAlgorithms.All.Contains(client.IdTokenAlgorithm))
            yield return ("idTokenAlgorithm", $"Choose one of {string.Join(", ", SigningAlgorithms.All)}.");
        if (client.AuthenticationMethod != ClientAuthenticationMethods.PrivateKeyJwt)
        {
            if (keys is not null)
                yield return ("keys", "Keys are for private_key_jwt. Choose that, or leave them out.");
        }
        else if (keys is not { Count: >= 1 and <= MaxKeys })
            yield return ("keys", $"private_key_jwt needs a JWK Set ({{\"keys\":[…]}}) of 1 to {MaxKeys} public keys: P-256, or RSA of 2048 to 4096 bits with the exponent 65537. Private members are refused.");
        else if (!keys.TrueForAll(key => key.Algorithms.Contains(client.AssertionAlgorithm)))
            yield return ("keys", $"A key does not fit {client.AssertionAlgorithm}: ES256 needs P-256, PS256 and RS256 need RSA; a key's own alg must be the same.");
    }

    private static IEnumerable<(string Field, string Reason)> FindOfGrants(AcceptedClient client)
    {
        if (client.Grants.IsEmpty || client.Grants.Except(GrantTypes.All).Any())
            yield return ("grants", $"Choose of {string.Join(", ", GrantTypes.All)}.");
        if (client.Grants.Contains(GrantTypes.ClientCredentials) && client.AuthenticationMethod == ClientAuthenticationMethods.None)
            yield return ("grants", "A public client cannot act for itself by client_credentials: anybody could name it.");
        if (client.Grants.Contains(GrantTypes.RefreshToken) && !client.Grants.Contains(GrantTypes.AuthorizationCode) && !client.Grants.Contains(GrantTypes.DeviceCode))
            yield return ("grants", "refresh_token goes with authorization_code or the device code.");
    }

    private static IEnumerable<(string Field, string Reason)> FindOfAddresses(AcceptedClient client)
    {
        if (client.Grants.Contains(GrantTypes.AuthorizationCode) != !client.RedirectUris.IsEmpty)
            yield return ("redirectUris", "A client with authorization_code needs a redirect URI, and one without has none.");
        foreach (var uri in client.RedirectUris)
            if (RedirectUris.FindFault(uri) is { } fault)
                yield return ("redirectUris", $"An address {fault}.");
        foreach (var uri in client.PostLogoutRedirectUris)
            if (RedirectUris.FindFault(uri) is { } fault)
                yield return ("postLogoutRedirectUris", $"An address {fault}.");
    }

    private static IEnumerable<(string Field, string Reason)> FindOfScopes(AcceptedClient client, string resourcePrefix)
    {
        var own = client.Scopes.Except(ScopesForPeople).ToList();
        if (own.Contains(Scopes.Hub))
            yield return ("scopes", "The scope hub is for the Hub's own applications.");
        else if (own.Count > 0 && !client.Grants.Contains(GrantTypes.ClientCredentials) && !client.Grants.Contains(GrantTypes.TokenExchange))
            yield return ("scopes", $"For people, choose of {string.Join(", ", ScopesForPeople)}; others are for clients with client_credentials or the token exchange.");
        if (own.Exists(scope => Scopes.Parse(scope) is not { Length: 1 }) || string.Join(' ', client.Scopes).Length > Scopes.MaxLength)
            yield return ("scopes", $"A scope is visible ASCII without spaces, quotes and backslashes (RFC 6749 §3.3); all together have at most {Scopes.MaxLength} characters.");
        foreach (var resource in client.Resources)
            if (Resources.FindFault(resource) is not null || !resource.StartsWith(resourcePrefix, StringComparison.Ordinal) || resource.Length == resourcePrefix.Length)
                yield return ("resources", $"A resource of your organization begins with {resourcePrefix} and goes on with a name of yours.");
            else if (resource.StartsWith(ClusterAudience.PrefixIn(resourcePrefix), StringComparison.Ordinal))
                yield return ("resources", $"What begins with {ClusterAudience.PrefixIn(resourcePrefix)} is a cluster's API server, which takes ID tokens of people alone. Choose another name.");
    }

    /// <summary>Each once, and none that is null, as JSON may say.</summary>
    private static ImmutableArray<string> Each(IEnumerable<string?>? values) => [.. (values ?? []).OfType<string>().Distinct(StringComparer.Ordinal)];
}
