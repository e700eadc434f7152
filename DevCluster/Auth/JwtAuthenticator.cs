namespace CodeZero.DevCluster.Auth;

/// <summary>People and programs that other issuers vouch for, as the <see cref="AuthenticationConfiguration"/> says.</summary>
internal sealed partial class JwtAuthenticator(IReadOnlyList<JwtIssuer> issuers, TimeProvider clock, ILogger<JwtAuthenticator> log) : IDisposable
{
    private readonly Dictionary<string, (JwtIssuer Issuer, IssuerKeys Keys)> known = issuers.ToDictionary(issuer => issuer.Url, issuer => (issuer, new IssuerKeys(issuer, log)), StringComparer.Ordinal);

    /// <summary>Whom the token speaks for; null when it is not valid here.</summary>
    public async Task<User?> AuthenticateAsync(string text, CancellationToken ct)
    {
        if (SignedToken.TryParse(text) is not { } token || !known.TryGetValue(token.Issuer, out var entry))
            return null;
        if (!await entry.Keys.VerifyAsync(token, ct))
        {
            Refused(log, token.Issuer, "no key of the issuer signed the token");
            return null;
        }
        var (user, refusal) = entry.Issuer.Decide(token.Claims, clock.GetUtcNow());
        if (refusal is not null)
            Refused(log, token.Issuer, refusal);
        return user;
    }

    public void Dispose()
    {
        foreach (var (_, keys) in known.Values)
            keys.Dispose();
    }

    [LoggerMessage(3, LogLevel.Warning, "Refused a token of {Issuer}: {Reason}")]
    private static partial void Refused(ILogger log, string issuer, string reason);
}
