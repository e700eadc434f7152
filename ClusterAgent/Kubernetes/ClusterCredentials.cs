using System.Security.Cryptography.X509Certificates;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>How the agent proves itself to an API server: with a bearer token, a client certificate, or both.</summary>
internal abstract class ClusterCredentials
{
    /// <summary>The token to send; null when there is none.</summary>
    /// <param name="renew">The server refused what was given before.</param>
    public abstract ValueTask<string?> GetTokenAsync(bool renew, CancellationToken ct);

    /// <summary>The certificate to show in the TLS handshake; it is asked for after <see cref="GetTokenAsync"/>.</summary>
    public virtual X509Certificate2? Certificate => null;
}

/// <summary>A token and a certificate that stay as they are.</summary>
internal sealed class FixedCredentials(string? token, X509Certificate2? certificate) : ClusterCredentials
{
    public override X509Certificate2? Certificate => certificate;

    public override ValueTask<string?> GetTokenAsync(bool renew, CancellationToken ct) => new(token);
}

/// <summary>A token in a file that somebody else renews, as the kubelet does for service accounts. Read again every minute.</summary>
internal sealed class TokenFileCredentials(string path, TimeProvider clock) : ClusterCredentials
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);
    private (string Token, long ReadAt)? _cached;

    public override async ValueTask<string?> GetTokenAsync(bool renew, CancellationToken ct)
    {
        if (!renew && _cached is { } cached && clock.GetElapsedTime(cached.ReadAt) < Life)
            return cached.Token;
        var token = (await File.ReadAllTextAsync(path, ct)).Trim();
        _cached = (token, clock.GetTimestamp());
        return token;
    }
}
