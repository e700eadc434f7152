using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>Where an API server is, whom it is trusted as, and how to sign in to it.</summary>
/// <param name="Authorities">The certificate authorities that may vouch for the server; null takes the system's.</param>
/// <param name="ServerName">The name expected in the server's certificate, when it is not the host of <paramref name="Server"/>.</param>
internal sealed record ClusterConfig(Uri Server, X509Certificate2Collection? Authorities, string? ServerName, ClusterCredentials Credentials)
{
    private const string ServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The cluster that this process runs in (Kubernetes "Accessing the API from within a Pod").</summary>
    /// <exception cref="InvalidOperationException">The process does not run in a pod.</exception>
    public static ClusterConfig InCluster(TimeProvider clock)
    {
        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
            throw new InvalidOperationException("This process does not run in a Kubernetes pod. Name a cluster with --kubeconfig FILE or KUBECONFIG.");
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(ServiceAccountFolder + "/ca.crt");
        return new(new UriBuilder(Uri.UriSchemeHttps, host, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)).Uri, authorities, null,
            new TokenFileCredentials(ServiceAccountFolder + "/token", clock));
    }

    public HttpClient CreateClient()
    {
        var tls = new SslClientAuthenticationOptions();
        if (Authorities is not null)
        {
            tls.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }
        if (ServerName is not null)
            tls.TargetHost = ServerName;
        tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => Credentials.Certificate!;

        return new(new SocketsHttpHandler
        {
            SslOptions = tls,
            AllowAutoRedirect = false,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }
}
