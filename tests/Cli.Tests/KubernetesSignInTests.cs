using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CodeZero.DevCluster;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Cli.Tests;

/// <summary>
/// People at a cluster's API server by the Hub: the real kubectl, with the real <c>czctl kube-login</c> as its credential plugin, against a DevCluster that was
/// told whom to believe by what <c>czctl clusters authentication</c> prints. Rows T.
/// </summary>
public sealed class KubernetesSignInTests(KubernetesSignInTests.Fixture fixture) : IClassFixture<KubernetesSignInTests.Fixture>
{
    private const string Cluster = "production", Elsewhere = "elsewhere";

    [Fact]
    public async Task A_member_is_known_by_name_and_groups_and_may_what_a_role_binding_of_a_group_says()
    {
        var who = JsonNode.Parse((await fixture.KubectlAsync(fixture.Developer, "auth", "whoami", "-o", "json")).Succeeded().Out)!["status"]!["userInfo"]!;
        Assert.Equal($"codezero:{fixture.DeveloperEmail}", who["username"]!.GetValue<string>());
        Assert.Equal([$"codezero:{fixture.Slug}:member", $"codezero:{fixture.Slug}:developer", "system:authenticated"], who["groups"]!.AsArray().Select(group => group!.GetValue<string>()));

        var forbidden = await fixture.KubectlAsync(fixture.Owner, "get", "configmaps");
        Assert.Contains($"User \"codezero:{fixture.OwnerEmail}\" cannot list resource \"configmaps\"", forbidden.Error, StringComparison.Ordinal);

        // The example is for developers, and the owner is none.
        await fixture.AsAdministratorAsync("apply", "-f", await fixture.PrintAsync("rolebinding"));
        await Eventually.HoldsAsync(async () => (await fixture.KubectlAsync(fixture.Developer, "get", "configmaps")).ExitCode == 0);
        Assert.Contains("Forbidden", (await fixture.KubectlAsync(fixture.Owner, "get", "configmaps")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T03_A_token_for_another_cluster_is_nobody()
    {
        var here = (await fixture.Owner.RunAsync("kube-login", "--cluster", Cluster)).Token();
        var elsewhere = (await fixture.Owner.RunAsync("kube-login", "--cluster", Elsewhere)).Token();

        Assert.NotEqual(401, await fixture.StatusAsync(here));
        Assert.Equal(401, await fixture.StatusAsync(elsewhere));
        Assert.Equal(401, await fixture.StatusAsync(here[..^4] + "AAAA"));
    }

    [Fact]
    public async Task T05_Who_has_not_confirmed_their_address_is_nobody()
    {
        const string confirm = "update identity.users set email_confirmed = $2 where email = $1";
        await fixture.ExecuteAsync(confirm, fixture.DeveloperEmail, false);

        Assert.Equal(401, await fixture.StatusAsync((await fixture.Developer.RunAsync("kube-login", "--cluster", Cluster, "--org", fixture.Slug)).Token()));

        await fixture.ExecuteAsync(confirm, fixture.DeveloperEmail, true);
        fixture.ForgetTokens();
    }

    [Fact]
    public async Task T06_A_token_ends_by_its_time_and_by_the_end_of_its_key()
    {
        var before = (await fixture.Owner.RunAsync("kube-login", "--cluster", Cluster)).Token();
        Assert.NotEqual(401, await fixture.StatusAsync(before));

        fixture.ClusterClock.Ahead = TimeSpan.FromMinutes(10.5);
        Assert.Equal(401, await fixture.StatusAsync(before));
        fixture.ClusterClock.Ahead = TimeSpan.Zero;
        Assert.NotEqual(401, await fixture.StatusAsync(before));

        await fixture.ReplaceKeyOfIdTokensAsync();
        // Named in another way, so that it is no token that is kept.
        var after = (await fixture.Owner.RunAsync("kube-login", "--cluster", Cluster, "--org", fixture.OrganizationId.ToString())).Token();
        Assert.NotEqual(401, await fixture.StatusAsync(after));
        Assert.Equal(401, await fixture.StatusAsync(before));
        fixture.ForgetTokens();
    }

    [Fact]
    public async Task The_plugin_writes_a_credential_and_nothing_else_whatever_else_is_asked()
    {
        foreach (var options in new string[][] { [], ["--json"], ["--quiet"] })
        {
            var run = await fixture.Owner.RunAsync(["kube-login", "--cluster", Cluster, .. options]);

            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Equal(["apiVersion", "kind", "status"], run.Json.EnumerateObject().Select(field => field.Name));
            Assert.Equal(("client.authentication.k8s.io/v1", "ExecCredential"), (run.Json.GetProperty("apiVersion").GetString(), run.Json.GetProperty("kind").GetString()));
            var (token, expires) = (run.Token(), run.Json.GetProperty("status").GetProperty("expirationTimestamp").GetDateTimeOffset());
            Assert.InRange(expires - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10.1));
            Assert.Equal(3, token.Split('.').Length);
        }
    }

    [Fact]
    public async Task Many_at_once_fetch_one_token_which_ends_with_the_sign_in()
    {
        using var member = await fixture.JoinAsync("viewer");
        string[] asks = ["kube-login", "--org", fixture.Slug, "--cluster", Cluster];

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => member.Czctl.RunProcessAsync(asks)));

        Assert.Single(runs.Select(run => run.Token()).Distinct());
        var kept = Assert.Single(Directory.GetFiles(Path.Combine(Path.GetDirectoryName(member.Czctl.SessionFile)!, "clusters"), "*.json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));

        await member.Czctl.OkAsync("logout");
        Assert.False(File.Exists(kept));
        var signedOut = await member.Czctl.RunAsync(asks);
        Assert.Equal((3, ""), (signedOut.ExitCode, signedOut.Out));
        Assert.Contains("czctl login", signedOut.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_names_no_cluster_of_theirs_or_asks_in_another_version_is_told_so()
    {
        await fixture.Owner.FailsAsync(4, "not_found", "kube-login", "--cluster", "nowhere");
        await fixture.Owner.FailsAsync(4, "not_found", "kube-login", "--org", fixture.OrganizationId.ToString(), "--cluster", Guid.CreateVersion7().ToString());

        const string asked = "KUBERNETES_EXEC_INFO";
        fixture.Owner.Environment[asked] = """{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{}}""";
        await fixture.Owner.FailsAsync(2, "usage", "kube-login", "--cluster", Cluster);
        fixture.Owner.Environment.Remove(asked);
    }

    [Fact]
    public async Task What_is_printed_for_programs_is_what_is_printed_for_people()
    {
        var json = (await fixture.Owner.OkAsync("clusters", "authentication", Cluster)).Json;
        var audience = $"{fixture.Hub.Address.GetLeftPart(UriPartial.Authority)}/orgs/{fixture.OrganizationId}/clusters/{json.GetProperty("cluster").GetString()}";

        Assert.Equal(audience, json.GetProperty("audience").GetString());
        Assert.Equal(json.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()), (await File.ReadAllLinesAsync(await fixture.PrintAsync("flags"))));
        Assert.Contains($"--oidc-client-id={audience}", json.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()));
        Assert.Contains($"    - {audience}\n", await File.ReadAllTextAsync(await fixture.PrintAsync("server")), StringComparison.Ordinal);
        Assert.Equal($"codezero:{fixture.Slug}:developer", json.GetProperty("roleBinding").GetProperty("subjects")[0].GetProperty("name").GetString());
    }

    /// <summary>A Hub with an organization and its two clusters, one of which is there; its owner, and a developer.</summary>
    public sealed class Fixture : HubFixture, IAsyncLifetime
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("codezero-kube-");
        private DevClusterServer? _server;

        internal Czctl Owner { get; private set; } = null!;
        internal Czctl Developer { get; private set; } = null!;
        public string OwnerEmail { get; private set; } = "";
        public string DeveloperEmail { get; private set; } = "";
        public string Slug { get; private set; } = "";
        public Guid OrganizationId { get; private set; }
        public AheadClock ClusterClock { get; } = new();

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            Owner = new Czctl(Hub);
            (OwnerEmail, Slug) = await Owner.SignUpAsync();
            OrganizationId = (await Owner.OkAsync("whoami")).Json.GetProperty("organization").GetProperty("id").GetGuid();
            foreach (var name in new[] { Cluster, Elsewhere })
                await Owner.OkAsync("clusters", "create", name);
            var developer = await JoinAsync("developer");
            (Developer, DeveloperEmail) = (developer.Czctl, developer.Email);

            _server = await DevClusterServer.StartAsync(new() { AuthenticationConfigPath = await PrintAsync("server"), KubeconfigPath = AdministratorsKubeconfig, Clock = ClusterClock });
            await PrintAsync("kubeconfig");
            // By its name on the PATH, as in the kubeconfig.
            var czctl = Path.Combine(_directory.FullName, "czctl");
            await File.WriteAllTextAsync(czctl, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "czctl.dll")}' \"$@\"\n");
            File.SetUnixFileMode(czctl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        private string AdministratorsKubeconfig => Path.Combine(_directory.FullName, "administrator");

        /// <summary>What <c>czctl clusters authentication --for</c> prints, as a file.</summary>
        public async Task<string> PrintAsync(string part)
        {
            var printed = await Owner.RunAsync("clusters", "authentication", Cluster, "--for", part);
            Assert.True(printed.ExitCode == 0, printed.ToString());
            var path = Path.Combine(_directory.FullName, part);
            await File.WriteAllTextAsync(path, printed.Out);
            return path;
        }

        /// <summary>A new person, a member of the organization, signed in.</summary>
        internal async Task<Member> JoinAsync(string role)
        {
            var czctl = new Czctl(Hub);
            var (email, _) = await czctl.SignUpAsync();
            await ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) select $1, id, $2, now() from identity.users where email = $3", OrganizationId, role, email);
            return new(czctl, email);
        }

        /// <summary>The real kubectl, as somebody: their kubeconfig beside the cluster's.</summary>
        internal async Task<Run> KubectlAsync(Czctl who, params string[] arguments)
        {
            var start = new ProcessStartInfo(Kubectl.Path!) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
            foreach (var argument in new[] { $"--cache-dir={who.Home}/kubectl", $"--user=codezero-{Cluster}" }.Concat(arguments))
                start.ArgumentList.Add(argument);
            start.Environment["KUBECONFIG"] = $"{AdministratorsKubeconfig}:{Path.Combine(_directory.FullName, "kubeconfig")}";
            start.Environment["PATH"] = $"{_directory.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
            start.Environment["CZCTL_HOME"] = who.Home;
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync(deadline.Token);
            return new(process.ExitCode, await output, await error);
        }

        /// <summary>As if the key that signs ID tokens had been stolen: it is gone, and the Hub makes another.</summary>
        public async Task ReplaceKeyOfIdTokensAsync()
        {
            using var client = Hub.CreateClient();
            var before = await client.GetStringAsync("/connect/jwks");
            await ExecuteAsync("delete from identity.signing_keys where algorithm = 'RS256'; select pg_notify('codezero', 'identity.signing-keys compromised')");
            await Eventually.HoldsAsync(async () => await client.GetStringAsync("/connect/jwks") != before);
        }

        /// <summary>Lets the owner and the developer fetch new tokens.</summary>
        public void ForgetTokens()
        {
            foreach (var kept in new[] { Owner, Developer }.Select(who => Path.Combine(Path.GetDirectoryName(who.SessionFile)!, "clusters")).Where(Directory.Exists))
                Directory.Delete(kept, recursive: true);
        }

        public async Task AsAdministratorAsync(params string[] arguments) => await ClusterFixture.KubectlAsync(AdministratorsKubeconfig, arguments);

        /// <summary>What the API server answers to who brings this token: 401 to nobody, 403 to somebody without rights.</summary>
        public async Task<int> StatusAsync(string token)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(_server!.CertificateAuthorityPem);
            using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } });
            http.DefaultRequestHeaders.Authorization = new("Bearer", token);
            using var response = await http.GetAsync(new Uri(_server.Url, "/api/v1/secrets"));
            return (int)response.StatusCode;
        }

        public async Task ExecuteAsync(string sql, params object[] values)
        {
            await using var connection = new NpgsqlConnection(Database.Superuser);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values)
                command.Parameters.Add(new() { Value = value });
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        async Task IAsyncLifetime.DisposeAsync()
        {
            if (_server is not null)
                await _server.DisposeAsync();
            Owner.Dispose();
            Developer.Dispose();
            _directory.Delete(recursive: true);
            await DisposeAsync();
        }
    }

    internal sealed record Member(Czctl Czctl, string Email) : IDisposable
    {
        public void Dispose() => Czctl.Dispose();
    }

    /// <summary>The real time, put forward.</summary>
    public sealed class AheadClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }
}

internal static class Credentials
{
    /// <summary>The token of an ExecCredential.</summary>
    public static string Token(this Run run) => run.ExitCode == 0 ? run.Json.GetProperty("status").GetProperty("token").GetString()! : throw new InvalidOperationException(run.ToString());

    public static Run Succeeded(this Run run) => run.ExitCode == 0 ? run : throw new InvalidOperationException(run.ToString());
}
