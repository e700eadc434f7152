using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Cli.Session;

/// <summary>A token for one cluster's API server.</summary>
/// <param name="Key">Thumbprint of the sign-in's key: another sign-in, also of the same person, has another.</param>
internal sealed record ClusterToken(string Token, DateTimeOffset ExpiresAt, string Key)
{
    /// <summary>Never shows the token.</summary>
    public override string ToString() => $"cluster token until {ExpiresAt:O}";
}

/// <summary>
/// Tokens for clusters' API servers, kept until shortly before their end, as kubectl asks for each command. Many ask at once: one of them fetches a token, and
/// the others wait for it.
/// </summary>
internal sealed class ClusterTokens(SessionStore store, SessionCredentials session, TimeProvider time)
{
    /// <summary>A token with less life than this is fetched anew, so that it does not end on the way.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(60);

    /// <summary>A living token.</summary>
    /// <param name="cluster">What the token is kept by, such as the cluster as the person named it.</param>
    /// <param name="findAudience">The cluster's audience; asked for only when a token has to be fetched.</param>
    public async Task<ClusterToken> GetAsync(string cluster, Func<Task<string>> findAudience, CancellationToken ct)
    {
        var path = Path.Combine(store.ClusterTokens, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cluster))) + ".json");
        if (ReadUsable(path) is { } kept)
            return kept;
        using var locked = await PrivateFile.LockAsync(path + ".lock", LockPatience, time, ct);
        if (ReadUsable(path) is { } fetchedMeanwhile)
            return fetchedMeanwhile;
        var fetched = await FetchAsync(await findAudience(), ct);
        CzctlHome.Write(path, fetched);
        return fetched;
    }

    private ClusterToken? ReadUsable(string path) =>
        store.Read() is { } signedIn && CzctlHome.Read<ClusterToken>(path) is { } kept && kept.Key == signedIn.ReadKey().PublicKey.Thumbprint && kept.ExpiresAt - time.GetUtcNow() > Margin ? kept : null;

    private async Task<ClusterToken> FetchAsync(string audience, CancellationToken ct)
    {
        var signedIn = await session.CurrentAsync(refused: null, ct);
        try
        {
            return await ExchangeAsync(signedIn, audience, ct);
        }
        catch (TokenRefusedException refusal) when (refusal.Error == "invalid_request")
        {
            // The Hub no longer takes the access token, though its time has not come; the refresh token tells whether the sign-in has ended.
            return await ExchangeAsync(await session.CurrentAsync(refused: signedIn.AccessToken, ct), audience, ct);
        }
    }

    private async Task<ClusterToken> ExchangeAsync(StoredSession signedIn, string audience, CancellationToken ct)
    {
        using var http = OAuthHttp.Create();
        var (token, life) = await new TokenClient(http, time).ExchangeAsync(signedIn.TokenEndpoint, signedIn.ReadKey(), signedIn.AccessToken, audience, ct);
        return new(token, time.GetUtcNow() + life, signedIn.ReadKey().PublicKey.Thumbprint);
    }
}
