using System.Text.Json;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A client of an organization, as the API shows it. See <see cref="ClientSettings"/>.</summary>
/// <param name="Id">What addresses name it by.</param>
/// <param name="ClientId">What the protocol names it by.</param>
/// <param name="Secrets">Those that still work; what they are, nobody can read.</param>
public sealed record ClientResource(
    Guid Id, string ClientId, string Name, bool Enabled, string AuthenticationMethod, string AssertionAlgorithm, JsonElement? Keys, string IdTokenAlgorithm, IReadOnlyList<string> Grants,
    IReadOnlyList<string> RedirectUris, IReadOnlyList<string> PostLogoutRedirectUris, IReadOnlyList<string> Scopes, IReadOnlyList<string> Resources, bool RequireDpop, bool RequirePushedRequests,
    IReadOnlyList<ClientSecretResource> Secrets, DateTimeOffset CreatedAt)
{
    internal static ClientResource Of(RegisteredClient client, IEnumerable<RegisteredClientSecret> secrets) => new(
        client.Id, client.ClientId.ToString(), client.Name, client.Enabled, client.AuthenticationMethod, client.AssertionAlgorithm,
        client.Keys is null ? null : JsonSerializer.Deserialize<JsonElement>(client.Keys), client.IdTokenAlgorithm, client.Grants, client.RedirectUris, client.PostLogoutRedirectUris, client.Scopes,
        client.Resources, client.RequireDpop, client.RequirePar, [.. secrets.Select(ClientSecretResource.Of)], client.CreatedAt);
}

/// <summary>A secret that works until it expires.</summary>
public sealed record ClientSecretResource(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    internal static ClientSecretResource Of(RegisteredClientSecret secret) => new(secret.Id, secret.CreatedAt, secret.ExpiresAt);
}

internal static class ClientProblems
{
    public static ProblemHttpResult TooMany => Problems.Conflict("client.too_many", $"An organization may have {ClientRegistrations.Limit} clients. Delete one first.");

    public static ProblemHttpResult HasNoSecret => Problems.Conflict("client.no_secret", "This client does not authenticate by a secret. Change its authenticationMethod to client_secret_basic first, or give it new keys.");
}
