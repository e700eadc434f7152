using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// <c>client_credentials</c> (RFC 6749 §4.4): a confidential client acts for itself; its <c>sub</c> is its client identifier. No refresh token and no ID
/// token (§4.4.3), and none of the scopes that act for a person.
/// </summary>
internal sealed class ClientCredentialsGrant(TokenIssuer tokens, IOptions<HubIdentityOptions> options) : ITokenGrant
{
    public string GrantType => GrantTypes.ClientCredentials;

    public async Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct)
    {
        var client = request.Client;
        if (client.IsPublic)
            return (null, OAuthError.UnauthorizedClient("A public client cannot act for itself: anybody could name it."));
        var own = client.Scopes.Except(Scopes.Supported).Order(StringComparer.Ordinal).ToList();
        IReadOnlyCollection<string>? scopes = request.Form["scope"] is { } scope ? Scopes.Parse(scope) is { } asked && !asked.Except(own).Any() ? asked : null : own;
        if (scopes is null)
            return (null, OAuthError.InvalidScope("A scope is not allowed to this client for itself."));
        if (request.Form.Resources.Count > 1 || request.Form.Resources.Except(client.Resources).Any())
            return (null, OAuthError.InvalidTarget("Name one resource that is registered for this client, or none."));  // RFC 8707 §2.2
        var audience = request.Form.Resources is [var named] ? named : client.Resources is [var first, ..] ? first : options.Value.Issuer;
        if (client.Machine is { } machine)
            return await ForMachineAsync(machine, client, request.ProofThumbprint!, ct);
        return (TokenResponse.For(await tokens.ForClientAsync(client.Id, scopes, audience, request.ProofThumbprint, ct), request.ProofThumbprint is not null, scopes), null);
    }

    /// <summary>One scope, one audience, and one key for assertions and proofs.</summary>
    private async Task<(TokenResponse?, OAuthError?)> ForMachineAsync(MachineClient machine, Client client, string proofThumbprint, CancellationToken ct) => client.Keys.Any(key => key.Thumbprint == proofThumbprint)
        ? (TokenResponse.For(await tokens.ForMachineAsync(machine, proofThumbprint, ct), bound: true, [machine.Scope]), null)
        : (null, new(DpopError.InvalidProof, "A machine signs its DPoP proofs with the key it authenticates with."));
}
