using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kubeconfig-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_kubeconfig_gives_server_authorities_and_a_client_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        File.WriteAllText(Path.Combine(_directory.FullName, "ca.crt"), certificate.ExportCertificatePem());
        var config = await LoadAsync($$"""
            apiVersion: v1
            kind: Config
            current-context: other
            contexts:
              - {name: other, context: {cluster: none, user: none} }
              - {name: mine, context: {cluster: c, user: u} }
            clusters:
              - name: c
                cluster: {server: "https://k8s.example:6443/prefix", certificate-authority: ca.crt, tls-server-name: inner }
            users:
              - name: u
                user:
                  client-certificate-data: {{Encoded(certificate.ExportCertificatePem())}}
                  client-key-data: {{Encoded(key.ExportPkcs8PrivateKeyPem())}}
            """, "mine");

        Assert.Equal("https://k8s.example:6443/prefix", config.Server.ToString());
        Assert.Equal(certificate.Thumbprint, Assert.Single(config.Authorities!).Thumbprint);
        Assert.Equal(("inner", certificate.Thumbprint), (config.ServerName, config.Credentials.Certificate!.Thumbprint));
    }

    [Fact]
    public async Task A_token_file_is_read_again_when_the_server_refused_the_token()
    {
        var file = Path.Combine(_directory.FullName, "token");
        File.WriteAllText(file, "one\n");
        var config = await LoadAsync(Minimal("tokenFile: token"));
        Assert.Equal("one", await config.Credentials.GetTokenAsync(renew: false, default));
        File.WriteAllText(file, "two\n");
        Assert.Equal("one", await config.Credentials.GetTokenAsync(renew: false, default));
        Assert.Equal("two", await config.Credentials.GetTokenAsync(renew: true, default));
    }

    [Fact]
    public async Task A_credential_program_is_run_and_its_failure_is_told()
    {
        var config = await LoadAsync(Minimal("""
            exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", "echo '{\"status\":{\"token\":\"'$WHO'\"}}'"], env: [{name: WHO, value: me}]}
            """));
        Assert.Equal("me", await config.Credentials.GetTokenAsync(renew: false, default));

        var failing = await LoadAsync(Minimal("""exec: {command: sh, args: ["-c", "echo no luck >&2; exit 3"]}"""));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await failing.Credentials.GetTokenAsync(renew: false, default));
        Assert.Contains("no luck", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("username: me", "username")]
    [InlineData("auth-provider: {name: gcp}", "auth-provider")]
    public async Task What_is_not_supported_is_refused_by_name(string user, string mentions)
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => LoadAsync(Minimal(user)));

        Assert.Contains(mentions, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_is_not_trusted_blindly() =>
        Assert.Contains("insecure-skip-tls-verify",
            (await Assert.ThrowsAsync<InvalidDataException>(() => LoadAsync(Minimal("token: x").Replace("server:", "insecure-skip-tls-verify: true, server:", StringComparison.Ordinal)))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("a: [", "syntax")]
    [InlineData("{}", "current-context")]
    [InlineData("current-context: gone", "gone")]
    public async Task A_broken_kubeconfig_says_where(string text, string mentions) =>
        Assert.Contains(mentions, (await Assert.ThrowsAsync<InvalidDataException>(() => LoadAsync(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_command_line_goes_before_the_environment()
    {
        var environment = new Dictionary<string, string> { ["KUBECONFIG"] = "/a:/b", ["CODEZERO_NAMESPACE"] = "ns", ["CODEZERO_HEALTH_PORT"] = "1" };
        var parsed = AgentArguments.Parse(["--health-port", "0", "--context", "c"], environment.GetValueOrDefault);

        Assert.Equal(("/a", "ns", 0, "c"), (parsed.Kubeconfig, parsed.Namespace, parsed.HealthPort, parsed.Context));
        Assert.False(parsed.AllowInsecureHub);
        Assert.True(AgentArguments.Parse(["--allow-insecure-hub"], _ => null).AllowInsecureHub);
        Assert.True(AgentArguments.Parse([], name => name == "CODEZERO_ALLOW_INSECURE_HUB" ? "true" : null).AllowInsecureHub);
        Assert.Throws<FormatException>(() => AgentArguments.Parse([], name => name == "CODEZERO_ALLOW_INSECURE_HUB" ? "maybe" : null));
        Assert.Throws<FormatException>(() => AgentArguments.Parse(["--port"], _ => null));
        Assert.Throws<FormatException>(() => AgentArguments.Parse(["--namespace"], _ => null));
        Assert.Throws<FormatException>(() => AgentArguments.Parse(["--health-port", "70000"], _ => null));
    }

    [Fact]
    public void Settings_that_cannot_be_used_are_named_and_left_out()
    {
        var map = new KubernetesObject(ResourceKind.ConfigMap, "codezero-system", AgentSettings.ConfigMapName);
        map.Json["data"] = new JsonObject
        {
            ["cluster"] = "home", ["gateway"] = "edge/main", ["tcpRoutes"] = "loadBalancer", ["readyDeadlineSeconds"] = "5", ["ingressClass"] = "Not A Class", ["typo"] = "x",
        };

        var settings = AgentSettings.Read(map, out var ignored);

        Assert.Equal(("home.localhost", "edge", TcpRoutes.LoadBalancer, TimeSpan.FromMinutes(10)), (settings.Host, settings.IngressNamespace, settings.TcpRoutes, settings.ReadyDeadline));
        Assert.Equal(["ingressClass", "readyDeadlineSeconds", "typo"], ignored);
        Assert.Equal("codezero.localhost", AgentSettings.Read(null, out _).Host);
    }

    private static string Minimal(string user) => $$$"""
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "https://k8s.example"}}]
        users:
          - name: u
            user:
              {{{user}}}
        """;

    private async Task<ClusterConfig> LoadAsync(string text, string? context = null)
    {
        var path = Path.Combine(_directory.FullName, "config");
        await File.WriteAllTextAsync(path, text);
        return await Kubeconfig.LoadAsync(path, context, TimeProvider.System, default);
    }

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
