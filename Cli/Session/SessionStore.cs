using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Session;

/// <summary>A sign-in at one Hub.</summary>
/// <param name="TokenEndpoint">Where the tokens are renewed.</param>
/// <param name="RevocationEndpoint">Where they are revoked (RFC 7009), if the Hub has one.</param>
/// <param name="DpopKey">The private key the tokens are bound to (RFC 9449), PKCS#8 in PEM form.</param>
internal sealed record StoredSession(
    Uri TokenEndpoint, Uri? RevocationEndpoint, string AccessToken, DateTimeOffset ExpiresAt, string RefreshToken, string DpopKey)
{
    /// <summary>The session of tokens that were just issued.</summary>
    /// <param name="nonce">The request's; null for a request without one.</param>
    /// <exception cref="CommandError">They do not belong to the request, or do not last.</exception>
    public static StoredSession Begin(ServerMetadata server, IssuedTokens tokens, EcPrivateKey key, string? nonce, DateTimeOffset now)
    {
        if (tokens.RefreshToken is not { Length: > 0 } refresh)
            throw CommandError.Refused("login.no_refresh", "The Hub did not allow a lasting sign-in.", "Sign in again and allow offline access.");
        if (IdToken.Problem(tokens.IdToken, server.Issuer, TokenClient.ClientId, nonce, now) is { } problem)
            throw CommandError.Refused("login.id_token", $"The Hub's answer does not belong to this sign-in: {problem}.", "Run `czctl login` again; if it happens again, do not use this Hub.");
        return new(server.TokenEndpoint, server.RevocationEndpoint, tokens.AccessToken, now.AddSeconds(tokens.ExpiresIn), refresh, key.ToPem());
    }

    public EcPrivateKey ReadKey() => EcPrivateKey.FromPem(DpopKey).TryGet(out var key, out var refusal)
        ? key
        : throw new IOException($"The stored sign-in is damaged: {refusal.Reason} Sign in again with `czctl login`.");

    /// <summary>Never shows a token.</summary>
    public override string ToString() => $"session until {ExpiresAt:O}";
}

/// <summary>The sign-in as a file. Renewal happens under a lock: a refresh token works once, so two processes must not both use it.</summary>
internal sealed class SessionStore(CzctlHome home, Uri hub)
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(60);
    private readonly string _path = Path.Combine(home.Of(hub), "session.json");

    public Uri Hub => hub;

    public StoredSession? Read() => CzctlHome.Read<StoredSession>(_path);

    public void Write(StoredSession session) => CzctlHome.Write(_path, session);

    /// <summary>Where tokens for clusters are kept, which end with the sign-in.</summary>
    public string ClusterTokens { get; } = Path.Combine(home.Of(hub), "clusters");

    public void Delete()
    {
        File.Delete(_path);
        if (Directory.Exists(ClusterTokens))
            foreach (var token in Directory.GetFiles(ClusterTokens, "*.json"))
                File.Delete(token);
    }

    public Task<IDisposable> LockAsync(TimeProvider time, CancellationToken ct) => PrivateFile.LockAsync(_path + ".lock", LockPatience, time, ct);

    public NotSignedInException NotSignedIn(string? why = null) => new(why ?? $"You are not signed in at {hub.GetLeftPart(UriPartial.Authority)}.");
}
