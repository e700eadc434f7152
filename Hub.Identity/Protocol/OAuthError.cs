using System.Globalization;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>An error of RFC 6749 §4.1.2.1 or §5.2, OpenID Connect Core §3.1.2.6, RFC 8707 §2, RFC 8628 §3.5 or RFC 9449 §5.</summary>
/// <param name="Description">One sentence for the client's developer. Never a secret, nor text of the request.</param>
internal sealed record OAuthError(string Code, string Description)
{
    /// <summary>When to try again; null for an error that waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public static OAuthError InvalidRequest(string description) => new("invalid_request", description);
    public static OAuthError InvalidClient(string description) => new("invalid_client", description);
    public static OAuthError InvalidGrant(string description) => new("invalid_grant", description);
    public static OAuthError InvalidScope(string description) => new("invalid_scope", description);
    public static OAuthError InvalidTarget(string description) => new("invalid_target", description);
    public static OAuthError UnauthorizedClient(string description) => new("unauthorized_client", description);

    public static OAuthError TooManyTries(TimeSpan wait) =>
        new("temporarily_unavailable", string.Create(CultureInfo.InvariantCulture, $"Too many wrong secrets for this client from your network. Wait {Math.Ceiling(wait.TotalSeconds)} s.")) { RetryAfter = wait };
}
