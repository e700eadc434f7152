namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A request to sign out (OpenID Connect RP-Initiated Logout §2) that may be served.</summary>
/// <param name="Hint">Whom it wants signed out; null when it does not say.</param>
/// <param name="Return">Where to go afterwards; null to stay here.</param>
internal sealed record EndSessionRequest(IdTokenHint? Hint, SignedOutReturn? Return);

/// <summary>Where a person goes who has signed out, at whose wish.</summary>
internal sealed record SignedOutReturn(string ClientId, string Uri, string? State);

/// <summary>The rules of the end-session endpoint. What breaks one is shown here and sent nowhere (§4).</summary>
internal static class EndSessionRequests
{
    private const int MaxStateLength = 1024;

    /// <param name="hint">The verified <c>id_token_hint</c>; null without one.</param>
    /// <param name="client">The client of <c>client_id</c> or the hint; null when none is named, or there is none.</param>
    /// <returns>The request, or a sentence for the person.</returns>
    public static (EndSessionRequest? Request, string? Fault) Decide(OAuthParameters parameters, IdTokenHint? hint, Client? client)
    {
        if (parameters.IsOverlong || parameters.FirstRepeated is not null)
            return (null, "The request has too many parameters, or one comes more than once.");
        if (parameters["id_token_hint"] is not null && hint is null)
            return (null, "The application named a sign-in that is none of this Hub's (id_token_hint).");
        if (hint is not null && parameters["client_id"] is { } named && named != hint.ClientId)
            return (null, "The application named a sign-in of another application (id_token_hint).");
        if ((parameters["client_id"] ?? hint?.ClientId) is not null && client is not { IsEnabled: true })
            return (null, "The application that sent you here is not known (client_id).");
        if (parameters["state"] is { } state && (state.Length > MaxStateLength || !Scopes.IsVisibleText(state)))
            return (null, "The application sent a state that cannot be carried back.");
        if (parameters["post_logout_redirect_uri"] is not { } uri)
            return (new(hint, null), null);
        return client is not null && client.PostLogoutRedirectUris.Contains(uri)
            ? (new(hint, new(client.Id, uri, parameters["state"])), null)
            : (null, "The application asked to go back to an address that is not registered for it (post_logout_redirect_uri).");
    }
}
