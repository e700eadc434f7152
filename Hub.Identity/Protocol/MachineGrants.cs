using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Machines that may ask for tokens, of every module that has some.</summary>
internal sealed class MachineGrants(IEnumerable<IMachineClients> modules, TokenIssuer tokens)
{
    /// <summary>The machine; null when no module knows it.</summary>
    public async Task<MachineClient?> FindAsync(string clientId, CancellationToken ct)
    {
        foreach (var module in modules)
            if (await module.FindAsync(clientId, ct) is { } machine)
                return machine;
        return null;
    }

    /// <summary><c>client_credentials</c> (RFC 6749 §4.4): one scope, one audience and one key, no refresh token and no ID token (§4.4.3).</summary>
    public async Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(MachineClient machine, string? scope, string? resource, string proofThumbprint, CancellationToken ct)
    {
        if (scope is not null && !(Scopes.Parse(scope) is { Length: 1 } asked && asked[0] == machine.Scope))
            return (null, OAuthError.InvalidScope("This client may ask for its one scope only."));
        if (resource is not null && resource != machine.Audience)
            return (null, OAuthError.InvalidTarget("This client may ask for its one resource only.")); // RFC 8707 §2
        if (P256PublicKey.TryParse(machine.PublicKeyJwk)?.Thumbprint != proofThumbprint)
            return (null, new(DpopError.InvalidProof, "A machine signs its DPoP proofs with the key it authenticates with."));
        return (TokenResponse.For(await tokens.ForMachineAsync(machine, proofThumbprint, ct), bound: true, [machine.Scope]), null);
    }
}
