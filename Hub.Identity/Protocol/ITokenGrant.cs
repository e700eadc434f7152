namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A request to the token endpoint by a client that has authenticated (or does so by the grant itself), may use the grant, and has shown its proof where it must.</summary>
/// <param name="ProofThumbprint">The key of the DPoP proof, which tokens are then bound to; null without one.</param>
internal sealed record TokenRequest(Client Client, OAuthParameters Form, string? ProofThumbprint);

/// <summary>One <c>grant_type</c> of the token endpoint (RFC 6749 §4). Each that is registered in <see cref="TokenGrants"/> is served, and named by discovery.</summary>
internal interface ITokenGrant
{
    /// <summary>Whether what the request brings is the client's authentication, so that the client need only name itself. <see cref="IssueAsync"/> then checks it.</summary>
    bool Authenticates(OAuthParameters form) => false;

    /// <summary>Tokens, or why not: exactly one of the two.</summary>
    Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct);
}

/// <summary>What the token endpoint answers (RFC 6749 §5.1).</summary>
/// <param name="Scope">Null when the token has none.</param>
/// <param name="IssuedTokenType">Of a token exchange alone (RFC 8693 §2.2.1).</param>
internal sealed record TokenResponse(string AccessToken, string TokenType, long ExpiresIn, string? Scope, string? RefreshToken = null, string? IdToken = null, string? IssuedTokenType = null)
{
    public static TokenResponse For(AccessToken access, bool bound, IReadOnlyCollection<string> scopes) =>
        new(access.Token, bound ? "DPoP" : "Bearer", (long)access.Lifetime.TotalSeconds, scopes.Count == 0 ? null : string.Join(' ', scopes));
}
