using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace CodeZero.DevCluster.Auth;

/// <summary>
/// An issuer's keys, found by its discovery document (OpenID Connect Discovery §4) when the first token comes, and fetched again when a token is by none of them: that is how keys change.
/// </summary>
internal sealed partial class IssuerKeys : IDisposable
{
    private const int MaxAnswerBytes = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly JwtIssuer issuer;
    private readonly ILogger log;
    private readonly HttpClient http;
    private readonly SemaphoreSlim fetching = new(1);
    private volatile IReadOnlyList<IssuerKey> keys = [];

    public IssuerKeys(JwtIssuer issuer, ILogger log)
    {
        (this.issuer, this.log) = (issuer, log);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        if (issuer.CertificateAuthority is { } pem)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(pem);
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        http = new(handler) { Timeout = Patience, MaxResponseContentBufferSize = MaxAnswerBytes };
    }

    /// <summary>Whether one of the issuer's keys signed the token; those that were fetched are tried first.</summary>
    public async Task<bool> VerifyAsync(SignedToken token, CancellationToken ct)
    {
        var known = keys;
        if (known.Any(key => key.Verifies(token)))
            return true;
        await fetching.WaitAsync(ct);
        try
        {
            if (ReferenceEquals(known, keys)) // else another token's request has just fetched them
                keys = await FetchAsync(ct);
            return keys.Any(key => key.Verifies(token));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            NotFetched(log, issuer.Url, e.Message);
            return false;
        }
        finally
        {
            fetching.Release();
        }
    }

    /// <summary>Whether a text has at least one certificate in it, PEM.</summary>
    public static bool HoldsCertificate(string pem)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPem(pem);
            return found.Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<IssuerKey>> FetchAsync(CancellationToken ct)
    {
        using var document = JsonDocument.Parse(await http.GetByteArrayAsync(issuer.DiscoveryDocument, ct), SignedToken.Strict);
        if (Text(document.RootElement, "issuer") is var named && named != issuer.Url)
            throw new JsonException($"its discovery document is of the issuer \"{named}\"");
        if (!Uri.TryCreate(Text(document.RootElement, "jwks_uri"), UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
            throw new JsonException("its discovery document has no https jwks_uri");
        return IssuerKey.ReadSet(await http.GetByteArrayAsync(address, ct));
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    public void Dispose()
    {
        foreach (var key in keys)
            key.Dispose();
        http.Dispose();
        fetching.Dispose();
    }

    [LoggerMessage(2, LogLevel.Warning, "The keys of {Issuer} could not be fetched: {Reason}")]
    private static partial void NotFetched(ILogger log, string issuer, string reason);
}
