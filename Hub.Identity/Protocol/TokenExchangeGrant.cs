namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Token exchange (RFC 8693): a person's access token becomes an ID token for one cluster's API server, and the token of a cluster's service account an access token of the client that
/// it may act as. Nobody acts for anybody else, so an <c>actor_token</c> is refused (§4.4), and there is never a refresh token.
/// </summary>
internal sealed class TokenExchangeGrant(ClusterTokens clusters, WorkloadTokens workloads) : ITokenGrant
{
    /// <summary>A service account's token is the client's authentication: it has no other at hand.</summary>
    public bool Authenticates(OAuthParameters form) => form["subject_token_type"] == TokenTypes.Jwt;

    public async Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct)
    {
        if (request.Form["actor_token"] is not null || request.Form["actor_token_type"] is not null)
            return (null, OAuthError.InvalidRequest("There is no delegation: leave actor_token and actor_token_type out."));
        if (request.Form["subject_token"] is not { } subject)
            return (null, OAuthError.InvalidRequest("subject_token is missing."));
        return request.Form["subject_token_type"] switch
        {
            TokenTypes.AccessToken => await clusters.IssueAsync(request, subject, ct),
            TokenTypes.Jwt => await workloads.IssueAsync(request, subject, ct),
            _ => (null, OAuthError.InvalidRequest($"subject_token_type must be {TokenTypes.AccessToken} or {TokenTypes.Jwt}.")),
        };
    }
}
