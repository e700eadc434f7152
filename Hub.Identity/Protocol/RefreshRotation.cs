using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>What becomes of a presented refresh token (RFC 6749 §6, RFC 9700 §4.14.2).</summary>
internal abstract record RefreshRotation
{
    /// <summary>Nothing changes, nothing is issued.</summary>
    public sealed record Refuse(OAuthError Error) : RefreshRotation;

    /// <summary>The token was used before, and not just now: somebody has a copy. The whole family ends.</summary>
    public sealed record RevokeFamily : RefreshRotation;

    /// <summary>The token is used now, and gets its successor.</summary>
    public sealed record Rotate : RefreshRotation;

    /// <summary>It was used a moment ago and the successor was not: the client lost the answer, and gets the same successor again.</summary>
    public sealed record Repeat : RefreshRotation;

    /// <param name="successorUsed">Whether the token that replaced this one was itself used; false when there is none.</param>
    /// <param name="proofThumbprint">The key of the request's DPoP proof; null without one.</param>
    public static RefreshRotation Decide(
        RefreshToken token, bool successorUsed, Grant grant, GrantState state, string clientId, string? proofThumbprint, TimeSpan leeway, DateTimeOffset now)
    {
        if (grant.ClientId != clientId)
            return Refused("The refresh token is not known.");       // of another client: the same answer as for one that never was
        if (state.FindError(grant, now) is { } error)
            return new Refuse(error);
        if (token.UsedAt is { } usedAt && (now - usedAt > leeway || successorUsed))
            return new RevokeFamily();
        if (grant.DpopJkt != proofThumbprint)
            return Refused(grant.DpopJkt is null
                ? "The refresh token is not bound to a key, and cannot be bound later."    // RFC 9449 §5: a thief would bind it to his own
                : "The refresh token is bound to another key.");
        if (token.ExpiresAt <= now)
            return Refused("The refresh token has expired. The person has to sign in again.");
        return token.UsedAt is null ? new Rotate() : new Repeat();
    }

    private static Refuse Refused(string description) => new(OAuthError.InvalidGrant(description));
}
