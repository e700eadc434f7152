using System.Text;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>From a cluster record to a healthy application and back, with the real czctl, kubectl and Hub; the test plays the agent.</summary>
public sealed class ClusterCommandTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private const string Manifest = """
        appId: wiki-app
        name: Wiki
        package: '@provisioner/appengine'
        editions:
          - name: stable
            status: public
            spec:
              routes: [{ type: http, targetService: wiki-app }]
              provisioner:
                package: '@provisioner/appengine'
                image: example/wiki
                tag: '1.0'
                ports: 8080
                volumes: [{ name: pages, size: 1Gi, mountPath: /pages }]
                flow:
                  prompts:
                    - { type: confirm, name: OPEN, message: Open?, default: false }
                    - { type: password, name: ADMIN, message: Password?, c6o: { required: true } }
        """;

    [Fact]
    public async Task Joining_writes_what_the_agent_needs_and_every_step_can_be_repeated()
    {
        using var czctl = await SignedInAsync();
        var kubeconfig = await fixture.NewKubernetesAsync(czctl.Home);
        await OkAsync(czctl, "clusters", "create", "demo", "--if-missing");
        await OkAsync(czctl, "clusters", "create", "demo", "--if-missing");
        await FailsAsync(czctl, 1, "cluster.name_taken", "clusters", "create", "demo");
        var key = Path.Combine(czctl.Home, "approver.pem");
        await OkAsync(czctl, "keys", "create", key);
        string[] join = ["clusters", "join", "demo", "--approver", key + ".pub", "--kubeconfig", kubeconfig, "--no-agent"];

        var joined = await OkAsync(czctl, join);
        Assert.DoesNotContain(EnrolmentToken.Prefix, joined.ToString(), StringComparison.Ordinal);
        await ClusterFixture.KubectlAsync(kubeconfig, "-n", "codezero-system", "patch", "configmap", "codezero-policy", "--type=merge", "-p", """{"data":{"policy.yaml":"privileged: false"}}""");
        await OkAsync(czctl, join);

        var trust = TrustRoot.Parse(await DataAsync(kubeconfig, "configmap/codezero-trust")).Value;
        Assert.Equal((TrustMode.Approved, 1, 1), (trust.Mode, trust.StateKeys.Count, trust.Threshold));
        Assert.Equal(EcPublicKey.Parse(await File.ReadAllTextAsync(key + ".pub")).Value, Assert.Single(trust.ApproverKeys).Key);
        Assert.Equal("privileged: false", (await DataAsync(kubeconfig, "configmap/codezero-policy"))["policy.yaml"]);
        Assert.Contains("codezero-agent", await ClusterFixture.KubectlAsync(kubeconfig, "get", "clusterroles"), StringComparison.Ordinal);
        using var agent = await EnrolAsync(kubeconfig);

        Assert.Equal("pending", (await OkAsync(czctl, join)).Json.GetProperty("status").GetString());
        await FailsAsync(czctl, 1, "agent.thumbprint_differs", "clusters", "accept", "demo", "--thumbprint", new string('A', 43));
        await FailsAsync(czctl, 1, "answer.needed", "clusters", "accept", "demo");
        await OkAsync(czctl, "clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        await OkAsync(czctl, "clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        Assert.Equal("enrolled", (await OkAsync(czctl, join)).Json.GetProperty("status").GetString());
        Assert.Equal(agent.Thumbprint, (await OkAsync(czctl, "clusters", "show", "demo")).Json.GetProperty("acceptedHere").GetString());
        Assert.Single((await OkAsync(czctl, "clusters", "list")).Json.GetProperty("items").EnumerateArray());

        await FailsAsync(czctl, 1, "confirmation.needed", "clusters", "revoke", "demo");
        await OkAsync(czctl, "clusters", "revoke", "demo", "--yes");
        Assert.Equal("revoked", (await OkAsync(czctl, "clusters", "list")).Json.GetProperty("items")[0].GetProperty("status").GetString());
        await OkAsync(czctl, "clusters", "delete", "demo", "--yes");
        await FailsAsync(czctl, 4, null, "clusters", "show", "demo");
    }

    [Fact]
    public async Task Printed_manifests_are_what_would_be_applied()
    {
        using var czctl = await SignedInAsync();
        var kubeconfig = await fixture.NewKubernetesAsync(czctl.Home);
        await OkAsync(czctl, "clusters", "create", "demo");

        var printed = await czctl.RunAsync("clusters", "join", "demo", "--print", "--agent-image", "registry.example.com/agent:1");
        var file = Path.Combine(czctl.Home, "join.yaml");
        await File.WriteAllTextAsync(file, printed.Out);

        Assert.Equal(0, printed.ExitCode);
        await ClusterFixture.KubectlAsync(kubeconfig, "apply", "--server-side", "-f", file);
        Assert.Equal("registry.example.com/agent:1", await ClusterFixture.KubectlAsync(kubeconfig, "-n", "codezero-system", "get", "deployment/codezero-agent", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
    }

    [Fact]
    public async Task What_is_wrong_with_a_join_is_found_before_a_token_is_made()
    {
        using var czctl = await SignedInAsync();
        await OkAsync(czctl, "clusters", "create", "demo");
        var kubeconfig = Path.Combine(czctl.Home, "none");
        await File.WriteAllTextAsync(kubeconfig, "apiVersion: v1\nkind: Config\nclusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: x, context: {cluster: x}}]\ncurrent-context: x\n");

        await FailsAsync(czctl, 2, "usage", "clusters", "join", "demo");
        await FailsAsync(czctl, 2, "usage", "clusters", "join", "demo", "--no-agent", "--mode", "approved");
        await FailsAsync(czctl, 2, "usage", "clusters", "join", "demo", "--no-agent", "--threshold", "0");
        await FailsAsync(czctl, 1, null, "clusters", "join", "demo", "--no-agent", "--approver", "{\"kty\":\"RSA\"}");
        await FailsAsync(czctl, 1, "kubectl.failed", "clusters", "join", "demo", "--no-agent", "--kubeconfig", kubeconfig);
        czctl.Environment["PATH"] = Path.GetDirectoryName(Environment.ProcessPath)!;
        czctl.Environment["KUBECTL"] = "/no/such/kubectl";
        await FailsAsync(czctl, 4, "kubectl.missing", "clusters", "join", "demo", "--no-agent");
        Assert.Empty((await OkAsync(czctl, "clusters", "show", "demo")).Json.GetProperty("enrolments").EnumerateArray());
    }

    [Fact]
    public async Task An_application_goes_the_whole_way_and_away_again()
    {
        using var czctl = await SignedInAsync();
        var (agent, trust, key) = await JoinedAsync(czctl);
        using var _ = agent;
        var app = await PublishAsync(czctl);
        var password = Path.Combine(czctl.Home, "password");
        await File.WriteAllTextAsync(password, "correct horse\n");
        string[] install = ["install", app, "--cluster", "demo", "--namespace", "wiki", "--set", "OPEN=true", "--set-file", $"ADMIN={password}"];

        // Answers: sealed to the cluster, to this install, and readable by nobody else.
        var installed = (await OkAsync(czctl, install)).Json;
        Assert.Equal(installed.GetProperty("id").GetGuid(), (await OkAsync(czctl, install)).Json.GetProperty("id").GetGuid());
        var (_, state) = await agent.FetchStateAsync();
        var desired = Assert.Single(state.Installs);
        var sealedInputs = await (await agent.FetchBlobAsync(desired.Inputs!.Value.ToString())).Content.ReadAsByteArrayAsync();
        var answers = SealedInputs.Open(agent.SealingKey, agent.Cluster, desired.Id, sealedInputs).Value.Answers;
        Assert.Equal([("ADMIN", "correct horse"), ("OPEN", "true")], answers.Select(answer => (answer.Key, answer.Value)).Order());

        // Approval: of exactly this content, by a key of the trust root.
        await FailsAsync(czctl, 1, "confirmation.needed", "approve", "wiki/wiki-app", "--cluster", "demo", "--key", key);
        var approved = await czctl.RunAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes");
        Assert.True(approved.ExitCode == 0, approved.ToString());
        Assert.All(["example/wiki:1.0", "8080/TCP", "pages 1Gi at /pages", "http to wiki-app", "sealed", desired.Manifest.ToString()], shown => Assert.Contains(shown, approved.Error, StringComparison.Ordinal));
        Assert.False((await OkAsync(czctl, "approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes")).Json.GetProperty("isNew").GetBoolean());
        await VerifyApprovalAsync(agent, trust);

        // The chain.
        await FailsAsync(czctl, 6, "status.timeout", "status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "1s");
        var tired = await czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "3s");
        Assert.Single(tired.Error.Split("Waiting for healthy").Skip(1));
        Assert.DoesNotContain("..", tired.Error, StringComparison.Ordinal);
        var waiting = czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "60s", "--json");
        await ReportAsync(agent, InstallPhase.Healthy, Enum.GetValues<ReportStep>());
        var healthy = await waiting;
        Assert.True(healthy.ExitCode == 0, healthy.ToString());
        Assert.All(healthy.Json.GetProperty("installs")[0].GetProperty("chain").EnumerateArray(), step => Assert.Equal("done", step.GetProperty("state").GetString()));
        var text = await czctl.RunAsync("status", "--cluster", "demo");
        Assert.All(["published", "approved", "fetched", "verified", "applied", "healthy", "last seen", "next expected"], word => Assert.Contains(word, text.Out, StringComparison.Ordinal));

        // Away: to be approved as well.
        await OkAsync(czctl, "uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes");
        Assert.True((await OkAsync(czctl, "uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes")).Json.GetProperty("removed").GetBoolean());
        var removal = await czctl.RunAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes");
        Assert.Contains("REMOVE wiki/wiki-app", removal.Error, StringComparison.Ordinal);
        await VerifyApprovalAsync(agent, trust);
        var leaving = czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "removed", "--timeout", "60s");
        await ReportAsync(agent, InstallPhase.Removed, []);
        Assert.Equal(0, (await leaving).ExitCode);
        await OkAsync(czctl, "status", "wiki/wiki-app", "--cluster", "demo", "--wait", "removed", "--timeout", "1s");
        await FailsAsync(czctl, 4, "not_found", "uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes");
        await OkAsync(czctl, "uninstall", "wiki/wiki-app", "--cluster", "demo", "--if-present");
    }

    [Fact]
    public async Task Answers_are_judged_before_they_leave_and_secrets_stay_off_the_command_line()
    {
        using var czctl = await SignedInAsync();
        var (agent, _, _) = await JoinedAsync(czctl);
        using var __ = agent;
        string[] install = ["install", await PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki"];

        await FailsAsync(czctl, 2, "usage", [.. install, "--set", "ADMIN=secret"]);
        await FailsAsync(czctl, 1, "answers.required", install);
        await FailsAsync(czctl, 1, "answers.unknown", [.. install, "--set-file", $"ADMIN={czctl.SessionFile}", "--set", "OPNE=true"]);
        await FailsAsync(czctl, 1, "answers.invalid", [.. install, "--set", "OPEN=perhaps", "--set-file", $"ADMIN={czctl.SessionFile}"]);
        await FailsAsync(czctl, 1, "install.edition_unknown", [.. install, "--edition", "none-such"]);
        await FailsAsync(czctl, 4, null, "install", "nobody/nothing", "--cluster", "demo", "--namespace", "wiki");
        var typed = await czctl.RunWithInputAsync("""{"ADMIN": "from standard input", "OPEN": true}""", [.. install, "--answers", "-", "--json"]);
        Assert.True(typed.ExitCode == 0, typed.ToString());
    }

    [Fact]
    public async Task Answers_are_sealed_only_to_an_agent_that_this_person_accepted()
    {
        using var czctl = await SignedInAsync();
        var (agent, _, _) = await JoinedAsync(czctl);
        using var _1 = agent;
        string[] install = ["install", await PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki", "--set-file", "ADMIN=/proc/self/comm"];
        var pins = Path.Combine(Path.GetDirectoryName(czctl.SessionFile)!, "agents.json");
        var accepted = await File.ReadAllTextAsync(pins);

        // Nobody accepted it from here: the Hub's word is not enough, the person's is.
        File.Delete(pins);
        await FailsAsync(czctl, 1, "agent.unknown", install);
        await FailsAsync(czctl, 1, RefusalCode.AgentKeys, [.. install, "--agent-thumbprint", new string('A', 43)]);
        await File.WriteAllTextAsync(pins, accepted);

        // Whoever owns the Hub's database puts an agent of their own in its place.
        using var impostor = new TestAgent(fixture.Hub.CreateClient(), agent.Token);
        var keys = new AgentKeys(agent.Cluster, impostor.Key.PublicKey, impostor.SealingKey.PublicKey).Sign(impostor.Key).ToJson();
        await fixture.TamperAsync("update clusters.agents set keys = $1 where cluster_id = $2", keys, agent.Cluster);
        await FailsAsync(czctl, 1, RefusalCode.AgentKeys, install);
        await fixture.TamperAsync("update clusters.agents set thumbprint = $1, public_key = $2 where cluster_id = $3", impostor.Thumbprint, impostor.Key.PublicKey.ToString(), agent.Cluster);
        await FailsAsync(czctl, 1, RefusalCode.AgentKeys, install);
    }

    [Theory]
    [InlineData("update clusters.installs set digest = 'sha256:' || repeat('0', 64) where cluster_id = $1")]
    [InlineData("update clusters.installs set edition = 'other' where cluster_id = $1")]
    [InlineData("update clusters.installs set namespace = 'kube-system' where cluster_id = $1")]
    [InlineData("update clusters.installs set inputs = null where cluster_id = $1")]
    public async Task Nothing_is_approved_that_is_not_what_was_shown(string tampering)
    {
        using var czctl = await SignedInAsync();
        var (agent, _, key) = await JoinedAsync(czctl);
        using var _1 = agent;
        var installed = await OkAsync(czctl, "install", await PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki", "--set-file", "ADMIN=/proc/self/comm");
        await fixture.TamperAsync(tampering, agent.Cluster);

        await FailsAsync(czctl, 1, "approval.digest_differs", "approve", installed.Json.GetProperty("id").GetString()!, "--cluster", "demo", "--key", key, "--yes");
    }

    [Fact]
    public async Task Keys_are_made_once_kept_closed_and_can_have_a_passphrase()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (key, passphrase) = (Path.Combine(czctl.Home, "k.pem"), Path.Combine(czctl.Home, "passphrase"));
        await File.WriteAllTextAsync(passphrase, "open sesame\n");

        var created = await OkAsync(czctl, "keys", "create", key, "--passphrase-file", passphrase);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.Contains("ENCRYPTED", await File.ReadAllTextAsync(key), StringComparison.Ordinal);
        await FailsAsync(czctl, 1, "key.exists", "keys", "create", key);
        var thumbprint = created.Json.GetProperty("thumbprint").GetString();
        Assert.Equal(thumbprint, (await OkAsync(czctl, "keys", "show", key, "--passphrase-file", passphrase)).Json.GetProperty("thumbprint").GetString());
        Assert.Equal(thumbprint, (await OkAsync(czctl, "keys", "show", key + ".pub")).Json.GetProperty("thumbprint").GetString());
        await FailsAsync(czctl, 1, "answer.needed", "keys", "show", key);
        await File.WriteAllTextAsync(passphrase, "wrong\n");
        await FailsAsync(czctl, 1, RefusalCode.KeyFormat, "keys", "show", key, "--passphrase-file", passphrase);
    }

    private async Task<Czctl> SignedInAsync()
    {
        var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        return czctl;
    }

    /// <summary>A cluster "demo" in mode approved, whose agent was accepted.</summary>
    private async Task<(TestAgent Agent, TrustRoot Trust, string Key)> JoinedAsync(Czctl czctl)
    {
        var key = Path.Combine(czctl.Home, "approver.pem");
        await OkAsync(czctl, "clusters", "create", "demo");
        await OkAsync(czctl, "keys", "create", key);
        var printed = await czctl.RunAsync("clusters", "join", "demo", "--approver", key + ".pub", "--no-agent", "--print");
        Assert.True(printed.ExitCode == 0, printed.ToString());
        using var list = JsonDocument.Parse(printed.Out[printed.Out.IndexOf("\n{", StringComparison.Ordinal)..]);
        var items = list.RootElement.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("metadata").GetProperty("name").GetString()!);
        var trust = TrustRoot.Parse(items["codezero-trust"].GetProperty("data").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!)).Value;
        var agent = fixture.NewAgent(items["codezero-enrolment"].GetProperty("stringData").GetProperty("token").GetString()!);
        using var enrolled = await agent.EnrolAsync();
        Assert.True(enrolled.IsSuccessStatusCode, await enrolled.Content.ReadAsStringAsync());
        await OkAsync(czctl, "clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        return (agent, trust, key);
    }

    private async Task<TestAgent> EnrolAsync(string kubeconfig)
    {
        var secret = await DataAsync(kubeconfig, "secret/codezero-enrolment");
        Assert.Equal(fixture.Hub.Address.GetLeftPart(UriPartial.Authority), Encoding.UTF8.GetString(Convert.FromBase64String(secret["hub"])));
        var agent = fixture.NewAgent(Encoding.UTF8.GetString(Convert.FromBase64String(secret["token"])));
        using var enrolled = await agent.EnrolAsync();
        Assert.True(enrolled.IsSuccessStatusCode, await enrolled.Content.ReadAsStringAsync());
        return agent;
    }

    private static async Task<Dictionary<string, string>> DataAsync(string kubeconfig, string what) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(await ClusterFixture.KubectlAsync(kubeconfig, "-n", "codezero-system", "get", what, "-o", "jsonpath={.data}"))!;

    private static async Task<string> PublishAsync(Czctl czctl)
    {
        var file = Path.Combine(czctl.Home, "c6o.yaml");
        await File.WriteAllTextAsync(file, Manifest);
        var publication = (await OkAsync(czctl, "app", "publish", file)).Json.GetProperty("publications")[0];
        return $"{publication.GetProperty("publisher").GetString()}/{publication.GetProperty("app").GetString()}";
    }

    /// <summary>Judges the approvals in the newest state as a cluster with this trust root does.</summary>
    private static async Task VerifyApprovalAsync(TestAgent agent, TrustRoot trust)
    {
        var (_, state) = await agent.FetchStateAsync();
        var install = Assert.Single(state.Installs);
        using var blob = await agent.FetchBlobAsync(install.Approval!.Value.ToString());
        var set = ApprovalSet.Parse(await blob.Content.ReadAsByteArrayAsync()).Value;
        var verdict = ApprovalVerifier.Check(set, install.Id, InstallDigest.Of(state.Cluster, state.Organization, install), new(state.Cluster, state.Organization), trust, agent.Now());
        Assert.True(verdict.Accepted, verdict.Refusal?.Reason);
    }

    private static async Task ReportAsync(TestAgent agent, InstallPhase phase, IReadOnlyList<ReportStep> done)
    {
        var (_, state) = await agent.FetchStateAsync();
        var install = state.Installs[0];
        StepReport[] steps = [.. done.Select(step => new StepReport(step, agent.Now(), StepState.Done))];
        var said = new InstallReport(install.Id, InstallDigest.Of(state.Cluster, state.Organization, install), install.Version, phase, steps, [], new(3, 3), [], 0, []);
        using var response = await agent.ReportAsync(agent.NewReport(state, [said]));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<Run> OkAsync(Czctl czctl, params string[] arguments)
    {
        var run = await czctl.RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, $"czctl {string.Join(' ', arguments)}: {run}");
        return run;
    }

    /// <param name="code">Null for any.</param>
    private static async Task FailsAsync(Czctl czctl, int exitCode, string? code, params string[] arguments)
    {
        var run = await czctl.RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == exitCode && (code is null || run.ErrorCode == code), $"czctl {string.Join(' ', arguments)}: expected {exitCode} {code}: {run}");
    }
}
