namespace CodeZero.Hub.Identity.Protocol;

/// <summary><c>client_credentials</c> (RFC 6749 §4.4): a confidential client acts for itself. No refresh token and no ID token (§4.4.3).</summary>
internal sealed class ClientCredentialsGrant(ClientTokens tokens) : ITokenGrant
{
    public async Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct) => request.Client.IsPublic
        ? (null, OAuthError.UnauthorizedClient("A public client cannot act for itself: anybody could name it."))
        : await tokens.IssueAsync(request, ct);
}
