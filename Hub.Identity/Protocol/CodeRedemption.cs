using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>The rules of redeeming a code that this client was given and that was not redeemed before (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9449 §10).</summary>
internal static class CodeRedemption
{
    /// <param name="proofThumbprint">The key of the request's DPoP proof; null without one.</param>
    public static OAuthError? FindError(AuthorizationCode code, Grant grant, GrantState state, string? redirectUri, string verifier, string? proofThumbprint, DateTimeOffset now)
    {
        if (code.ExpiresAt <= now)
            return OAuthError.InvalidGrant("The code has expired. Start again.");
        if (redirectUri != code.RedirectUri)
            return OAuthError.InvalidGrant("The redirect_uri is not the one of the authorization request.");
        if (!Pkce.Verify(code.CodeChallenge, verifier))
            return OAuthError.InvalidGrant("The code_verifier does not fit the code_challenge.");
        if (code.DpopJkt is not null && code.DpopJkt != proofThumbprint)
            return OAuthError.InvalidGrant("The code is bound to another key (dpop_jkt).");
        return state.FindErrorAtFirst(grant, now);
    }
}

/// <summary>What a grant stands on, as it is now.</summary>
/// <param name="Person">Null when the account is gone.</param>
/// <param name="ConsentCovers">Whether the person still allows the client what was granted. What an organization's provider vouched for was allowed for that grant alone.</param>
/// <param name="ClientMay">Whether the client is there, enabled, and may still ask for what was granted.</param>
internal sealed record GrantState(Person? Person, bool ConsentCovers, bool ClientMay, bool SessionIsLive)
{
    /// <summary>Why tokens may no longer be issued on the grant; null when they may.</summary>
    public OAuthError? FindError(Grant grant, DateTimeOffset now) =>
        grant.RevokedAt is not null || grant.ExpiresAt <= now || Person is null || Person.IsDisabled || Person.SecurityStamp != grant.SecurityStamp || !ConsentCovers || !ClientMay
            ? OAuthError.InvalidGrant("What this grant stands on has ended: it was revoked or has expired, or account or client changed. The person has to sign in again.")
            : null;

    /// <summary>
    /// Why a grant may not have its first tokens, which also need the sign-in that it began in; null when it may. Too many wrong passwords lock the password alone: by them
    /// nobody can keep another out who signed in by passkey.
    /// </summary>
    public OAuthError? FindErrorAtFirst(Grant grant, DateTimeOffset now) => FindError(grant, now) ?? (SessionIsLive && !(Person!.IsLocked(now) && grant.Amr.Contains(AuthenticationMethods.Password))
        ? null
        : OAuthError.InvalidGrant("The person has signed out, or was locked, since the authorization."));
}
