using System.Net.Http.Headers;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Session;

/// <summary>The signed-in person's DPoP-bound access token, renewed when it is about to end.</summary>
internal sealed class SessionCredentials(SessionStore store, TimeProvider time) : IHubCredentials
{
    /// <summary>A token with less life than this is renewed first, so that it does not end on the way.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private string? _nonce;
    private StoredSession? _session;

    public async Task AuthorizeAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var session = await CurrentAsync(refused: null, ct);
        request.Headers.Authorization = new AuthenticationHeaderValue("DPoP", session.AccessToken);
        request.Headers.Add(DpopProof.HeaderName, DpopProof.Create(session.ReadKey(), request.Method.Method, request.RequestUri!, time.GetUtcNow(), session.AccessToken, _nonce));
    }

    public async Task<bool> RecoverAsync(HttpResponseMessage refused, CancellationToken ct)
    {
        if (refused.Headers.TryGetValues(DpopProof.NonceHeaderName, out var nonces) && nonces.First() != _nonce)
            _nonce = nonces.First();
        else
            await CurrentAsync(refused: refused.RequestMessage?.Headers.Authorization?.Parameter, ct);
        return true;
    }

    /// <summary>A session whose access token is alive and is not the one the Hub just refused.</summary>
    /// <exception cref="NotSignedInException">There is none, or the Hub ended it.</exception>
    public async Task<StoredSession> CurrentAsync(string? refused, CancellationToken ct)
    {
        if (Usable(_session, refused))
            return _session!;
        using var locked = await store.LockAsync(time, ct);
        // Another process may have renewed it while this one waited.
        var stored = store.Read() ?? throw store.NotSignedIn();
        return _session = Usable(stored, refused) ? stored : await RenewAsync(stored, ct);
    }

    private bool Usable(StoredSession? session, string? refused) =>
        session is not null && session.ExpiresAt - time.GetUtcNow() > Margin && session.AccessToken != refused;

    private async Task<StoredSession> RenewAsync(StoredSession stored, CancellationToken ct)
    {
        using var http = OAuthHttp.Create();
        try
        {
            var tokens = await new TokenClient(http, time).RequestAsync(stored.TokenEndpoint, stored.ReadKey(), new Dictionary<string, string>
            {
                ["grant_type"] = "refresh_token",
                ["refresh_token"] = stored.RefreshToken,
            }, ct);
            var renewed = stored with
            {
                AccessToken = tokens.AccessToken,
                ExpiresAt = time.GetUtcNow().AddSeconds(tokens.ExpiresIn),
                RefreshToken = tokens.RefreshToken ?? stored.RefreshToken,
            };
            store.Write(renewed);
            return renewed;
        }
        catch (TokenRefusedException refusal) when (refusal.Error == "invalid_grant")
        {
            store.Delete();
            throw store.NotSignedIn($"Your sign-in at {store.Hub.GetLeftPart(UriPartial.Authority)} has ended.");
        }
        catch (TokenRefusedException refusal)
        {
            throw store.NotSignedIn($"Your sign-in at {store.Hub.GetLeftPart(UriPartial.Authority)} could not be renewed ({refusal.Message}).");
        }
    }
}
