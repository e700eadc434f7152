using System.Security.Cryptography;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Who asks at the token, PAR, revocation, introspection and device endpoints (RFC 6749 §2.3). An unknown client, a disabled one, a wrong key and a wrong secret
/// are answered alike.
/// </summary>
internal sealed partial class ClientAuthentication(
    ClientRegistry clients, SecretThrottle throttle, ReplayCache replays, IOptions<HubIdentityOptions> options, TimeProvider clock, ILogger<ClientAuthentication> log)
{
    /// <summary>The one answer.</summary>
    public static OAuthError Failed { get; } = OAuthError.InvalidClient("There is no such client, or its authentication failed. Check client_id, and the method, key, algorithm or secret that is registered for it.");

    /// <summary>What an unknown client's secret is compared with.</summary>
    private static readonly ClientSecret NoSecret = new(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes), null);

    /// <summary>The client, authenticated by the one method that is registered for it (a public one by its name alone), and enabled; or the refusal.</summary>
    /// <param name="authenticatingGrant">A grant by which a client that may use it authenticates too, so that it need only name itself here; null for all others.</param>
    public async Task<(Client? Client, OAuthError? Error)> AuthenticateAsync(HttpRequest request, OAuthParameters form, CancellationToken ct, string? authenticatingGrant = null)
    {
        var (presented, malformed) = ClientCredentials.Read(form, request.Headers.Authorization);
        if (presented is null)
            return (null, malformed);
        var client = await clients.FindAsync(presented.ClientId, ct) is { IsEnabled: true } enabled ? enabled : null;
        if (presented.Assertion is { } assertion)
            return await CheckAssertionAsync(presented.ClientId, client, assertion, ct);
        if (presented.Secret is { } secret)
            return CheckSecret(presented.ClientId, client, secret, RateLimits.NetworkOf(request.HttpContext));
        return client is not null && (client.IsPublic || (authenticatingGrant is not null && client.Grants.Contains(authenticatingGrant))) ? (client, null) : (null, Failed);
    }

    private async Task<(Client?, OAuthError?)> CheckAssertionAsync(string clientId, Client? client, CompactJws assertion, CancellationToken ct)
    {
        if (client is not { AuthenticationMethod: ClientAuthenticationMethods.PrivateKeyJwt })
            return (null, Failed);
        var (accepted, error) = ClientAssertion.Check(assertion, client, options.Value.Issuer, clock.GetUtcNow());
        if (accepted is null)
        {
            Refused(log, clientId, error!.Description);
            return (null, error);
        }
        return await replays.TryUseAsync("client-assertion", $"{clientId}:{accepted.Jti}", accepted.ForgetAt, ct)
            ? (client, null)
            : (null, OAuthError.InvalidClient("This assertion was used before. Make one for each request."));
    }

    private (Client?, OAuthError?) CheckSecret(string clientId, Client? client, string secret, string network)
    {
        if (throttle.FindWait(clientId, network) is { } wait)
            return (null, OAuthError.TooManyTries(wait));
        var (hash, now) = (Secrets.Hash(secret), clock.GetUtcNow());
        IReadOnlyList<ClientSecret> secrets = client is { AuthenticationMethod: ClientAuthenticationMethods.SecretBasic, Secrets.Count: > 0 } ? client.Secrets : [NoSecret];
        var right = false;
        foreach (var known in secrets)
            right |= CryptographicOperations.FixedTimeEquals(known.Hash, hash) & !(known.ExpiresAt <= now);
        if (right)
            return (client, null);
        throttle.CountWrong(clientId, network);
        Refused(log, clientId, "wrong or expired secret");
        return (null, Failed);
    }

    [LoggerMessage(1011, LogLevel.Information, "Refused the authentication of client {ClientId}: {Reason}")]
    private static partial void Refused(ILogger log, string clientId, string reason);
}
