using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Access tokens by which a client acts for itself, whichever grant shows that it is the client: its <c>sub</c> is its client identifier, and it gets none of the scopes that act for a person.</summary>
internal sealed class ClientTokens(TokenIssuer tokens, IOptions<HubIdentityOptions> options)
{
    /// <summary>The token that the request asks for by <c>scope</c> and <c>resource</c>, among the client's own.</summary>
    public async Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct)
    {
        var client = request.Client;
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
