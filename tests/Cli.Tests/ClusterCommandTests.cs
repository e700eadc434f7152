using System.Text;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>From a cluster record to a healthy application and back, with the real czctl, kubectl and Hub; the test plays the agent.</summary>
public sealed class ClusterCommandTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Joining_writes_what_the_agent_needs_and_every_step_can_be_repeated()
    {
        using var czctl = await fixture.SignedInAsync();
        var kubeconfig = await fixture.NewKubernetesAsync(czctl.Home);
        await czctl.OkAsync("clusters", "create", "demo", "--if-missing");
        await czctl.OkAsync("clusters", "create", "demo", "--if-missing");
        await czctl.FailsAsync(1, "cluster.name_taken", "clusters", "create", "demo");
        var key = Path.Combine(czctl.Home, "approver.pem");
        await czctl.OkAsync("keys", "create", key);
        string[] join = ["clusters", "join", "demo", "--approver", key + ".pub", "--no-agent"];

        var joined = await czctl.OkAsync([.. join, "--kubeconfig", kubeconfig]);
        Assert.DoesNotContain(EnrolmentToken.Prefix, joined.ToString(), StringComparison.Ordinal);
        await ClusterFixture.KubectlAsync(kubeconfig, "-n", "codezero-system", "patch", "configmap", "codezero-policy", "--type=merge", "-p", """{"data":{"policy.yaml":"privileged: false"}}""");
        czctl.Environment["KUBECONFIG"] = kubeconfig;
        var again = await czctl.RunProcessAsync(join);
        Assert.True(again.ExitCode == 0, again.ToString());

        var trust = TrustRoot.Parse(await DataAsync(kubeconfig, "configmap/codezero-trust")).Value;
        Assert.Equal((TrustMode.Approved, 1, 1), (trust.Mode, trust.StateKeys.Count, trust.Threshold));
        Assert.Equal(EcPublicKey.Parse(await File.ReadAllTextAsync(key + ".pub")).Value, Assert.Single(trust.ApproverKeys).Key);
        Assert.Equal("privileged: false", (await DataAsync(kubeconfig, "configmap/codezero-policy"))["policy.yaml"]);
        Assert.Contains("codezero-agent", await ClusterFixture.KubectlAsync(kubeconfig, "get", "clusterroles"), StringComparison.Ordinal);
        using var agent = await EnrolAsync(kubeconfig);

        Assert.Equal("pending", (await czctl.OkAsync(join)).Json.GetProperty("status").GetString());
        await czctl.FailsAsync(1, "agent.thumbprint_differs", "clusters", "accept", "demo", "--thumbprint", new string('A', 43));
        await czctl.FailsAsync(1, "answer.needed", "clusters", "accept", "demo");
        await czctl.OkAsync("clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        await czctl.OkAsync("clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        Assert.Equal("enrolled", (await czctl.OkAsync(join)).Json.GetProperty("status").GetString());
        Assert.Equal(agent.Thumbprint, (await czctl.OkAsync("clusters", "show", "demo")).Json.GetProperty("acceptedHere").GetString());
        Assert.Single((await czctl.OkAsync("clusters", "list")).Json.GetProperty("items").EnumerateArray());

        await czctl.FailsAsync(1, "confirmation.needed", "clusters", "revoke", "demo");
        await czctl.OkAsync("clusters", "revoke", "demo", "--yes");
        Assert.Equal("revoked", (await czctl.OkAsync("clusters", "list")).Json.GetProperty("items")[0].GetProperty("status").GetString());
        await czctl.OkAsync("clusters", "delete", "demo", "--yes");
        await czctl.FailsAsync(4, null, "clusters", "show", "demo");
    }

    [Fact]
    public async Task Printed_manifests_are_what_would_be_applied()
    {
        using var czctl = await fixture.SignedInAsync();
        var kubeconfig = await fixture.NewKubernetesAsync(czctl.Home);
        await czctl.OkAsync("clusters", "create", "demo");

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
        using var czctl = await fixture.SignedInAsync();
        await czctl.OkAsync("clusters", "create", "demo");
        var kubeconfig = Path.Combine(czctl.Home, "none");
        await File.WriteAllTextAsync(kubeconfig, "apiVersion: v1\nkind: Config\nclusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: x, context: {cluster: x}}]\ncurrent-context: x\n");

        await czctl.FailsAsync(2, "usage", "clusters", "join", "demo");
        await czctl.FailsAsync(2, "usage", "clusters", "join", "demo", "--no-agent", "--mode", "approved");
        await czctl.FailsAsync(2, "usage", "clusters", "join", "demo", "--no-agent", "--threshold", "0");
        await czctl.FailsAsync(1, null, "clusters", "join", "demo", "--no-agent", "--approver", "{\"kty\":\"RSA\"}");
        await czctl.FailsAsync(1, "kubectl.failed", "clusters", "join", "demo", "--no-agent", "--kubeconfig", kubeconfig);
        czctl.Environment["PATH"] = Path.GetDirectoryName(Environment.ProcessPath)!;
        czctl.Environment["KUBECTL"] = "/no/such/kubectl";
        await czctl.FailsAsync(4, "kubectl.missing", "clusters", "join", "demo", "--no-agent");
        Assert.Empty((await czctl.OkAsync("clusters", "show", "demo")).Json.GetProperty("enrolments").EnumerateArray());
    }

    [Fact]
    public async Task An_application_goes_the_whole_way_and_away_again()
    {
        using var czctl = await fixture.SignedInAsync();
        var (agent, trust, key) = await fixture.JoinedAsync(czctl);
        using var _ = agent;
        var app = await ClusterFixture.PublishAsync(czctl);
        var password = Path.Combine(czctl.Home, "password");
        await File.WriteAllTextAsync(password, "correct horse\n");
        string[] install = ["install", app, "--cluster", "demo", "--namespace", "wiki", "--set", "OPEN=true", "--set-file", $"ADMIN={password}"];

        // Answers: sealed to the cluster, to this install, and readable by nobody else.
        var installed = (await czctl.OkAsync(install)).Json;
        Assert.Equal(installed.GetProperty("id").GetGuid(), (await czctl.OkAsync(install)).Json.GetProperty("id").GetGuid());
        var (_, state) = await agent.FetchStateAsync();
        var desired = Assert.Single(state.Installs);
        var sealedInputs = await (await agent.FetchBlobAsync(desired.Inputs!.Value.ToString())).Content.ReadAsByteArrayAsync();
        var answers = SealedInputs.Open(agent.SealingKey, agent.Cluster, desired.Id, sealedInputs).Value.Answers;
        Assert.Equal([("ADMIN", "correct horse"), ("OPEN", "true")], answers.Select(answer => (answer.Key, answer.Value)).Order());

        // Approval: of exactly this content, by a key of the trust root.
        await czctl.FailsAsync(1, "confirmation.needed", "approve", "wiki/wiki-app", "--cluster", "demo", "--key", key);
        var approved = await czctl.RunAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes");
        Assert.Contains("\"ADMIN\"", approved.Error, StringComparison.Ordinal); // the edition in full: what is not shown could run unseen
        Assert.True(approved.ExitCode == 0, approved.ToString());
        Assert.All(["example/wiki:1.0", "8080/TCP", "pages 1Gi at /pages", "http to wiki-app", "sealed", desired.Manifest.ToString()], shown => Assert.Contains(shown, approved.Error, StringComparison.Ordinal));
        Assert.False((await czctl.OkAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes")).Json.GetProperty("isNew").GetBoolean());
        await VerifyApprovalAsync(agent, trust);

        // The chain.
        await czctl.FailsAsync(6, "status.timeout", "status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "1s");
        var tired = await czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "3s");
        Assert.Single(tired.Error.Split("Waiting for healthy").Skip(1));
        Assert.DoesNotContain("..", tired.Error, StringComparison.Ordinal);
        var waiting = czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy", "--timeout", "60s", "--json");
        await ClusterFixture.ReportAsync(agent, InstallPhase.Healthy, Enum.GetValues<ReportStep>());
        var healthy = await waiting;
        Assert.True(healthy.ExitCode == 0, healthy.ToString());
        Assert.All(healthy.Json.GetProperty("installs")[0].GetProperty("chain").EnumerateArray(), step => Assert.Equal("done", step.GetProperty("state").GetString()));
        var text = await czctl.RunAsync("status", "--cluster", "demo");
        Assert.All(["published", "approved", "fetched", "verified", "applied", "healthy", "last seen", "next expected"], word => Assert.Contains(word, text.Out, StringComparison.Ordinal));

        // Away: to be approved as well.
        await czctl.OkAsync("uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes");
        Assert.True((await czctl.OkAsync("uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes")).Json.GetProperty("removed").GetBoolean());
        var removal = await czctl.RunAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes");
        Assert.Contains("REMOVE wiki/wiki-app", removal.Error, StringComparison.Ordinal);
        await VerifyApprovalAsync(agent, trust);
        var leaving = czctl.RunAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "removed", "--timeout", "60s");
        await ClusterFixture.ReportAsync(agent, InstallPhase.Removed, []);
        Assert.Equal(0, (await leaving).ExitCode);
        await czctl.OkAsync("status", "wiki/wiki-app", "--cluster", "demo", "--wait", "removed", "--timeout", "1s");

        // Gone is not unknown: when it went is told, also to who waits for its health in vain.
        Assert.NotNull((await czctl.OkAsync("status", "wiki/wiki-app", "--cluster", "demo")).Json.GetProperty("installs")[0].GetProperty("finishedAt").GetString());
        Assert.Contains(", uninstalled ", (await czctl.RunAsync("status", "wiki-app", "--cluster", "demo")).Out, StringComparison.Ordinal);
        await czctl.FailsAsync(1, "install.removed", "status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy");
        await czctl.FailsAsync(4, "not_found", "status", "wiki/never", "--cluster", "demo");
        Assert.Empty((await czctl.OkAsync("status", "wiki/never", "--cluster", "demo", "--wait", "removed")).Json.GetProperty("installs").EnumerateArray());
        Assert.Empty((await czctl.OkAsync("status", "--cluster", "demo")).Json.GetProperty("installs").EnumerateArray());
        await czctl.FailsAsync(4, "not_found", "uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes");
        await czctl.OkAsync("uninstall", "wiki/wiki-app", "--cluster", "demo", "--if-present");
    }

    [Fact]
    public async Task Answers_are_judged_before_they_leave_and_secrets_stay_off_the_command_line()
    {
        using var czctl = await fixture.SignedInAsync();
        var (agent, _, _) = await fixture.JoinedAsync(czctl);
        using var __ = agent;
        string[] install = ["install", await ClusterFixture.PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki"];

        await czctl.FailsAsync(2, "usage", [.. install, "--set", "ADMIN=secret"]);
        await czctl.FailsAsync(1, "answers.required", install);
        await czctl.FailsAsync(1, "answers.unknown", [.. install, "--set-file", $"ADMIN={czctl.SessionFile}", "--set", "OPNE=true"]);
        await czctl.FailsAsync(1, "answers.invalid", [.. install, "--set", "OPEN=perhaps", "--set-file", $"ADMIN={czctl.SessionFile}"]);
        await czctl.FailsAsync(1, "install.edition_unknown", [.. install, "--edition", "none-such"]);
        await czctl.FailsAsync(4, null, "install", "nobody/nothing", "--cluster", "demo", "--namespace", "wiki");
        var typed = await czctl.RunProcessAsync([.. install, "--answers", "-", "--json"], """{"ADMIN": "from standard input", "OPEN": true}""");
        Assert.True(typed.ExitCode == 0, typed.ToString());
    }

    [Fact]
    public async Task Answers_are_sealed_only_to_an_agent_that_this_person_accepted()
    {
        using var czctl = await fixture.SignedInAsync();
        var (agent, _, _) = await fixture.JoinedAsync(czctl);
        using var _1 = agent;
        string[] install = ["install", await ClusterFixture.PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki", "--set-file", "ADMIN=/proc/self/comm"];
        var pins = Path.Combine(Path.GetDirectoryName(czctl.SessionFile)!, "agents.json");
        var accepted = await File.ReadAllTextAsync(pins);

        // Nobody accepted it from here: the Hub's word is not enough, the person's is.
        File.Delete(pins);
        await czctl.FailsAsync(1, "agent.unknown", install);
        await czctl.FailsAsync(1, RefusalCode.AgentKeys, [.. install, "--agent-thumbprint", new string('A', 43)]);
        await File.WriteAllTextAsync(pins, accepted);

        // Whoever owns the Hub's database puts an agent of their own in its place.
        using var impostor = new TestAgent(fixture.Hub.CreateClient(), agent.Token);
        var keys = new AgentKeys(agent.Cluster, impostor.Key.PublicKey, impostor.SealingKey.PublicKey).Sign(impostor.Key).ToJson();
        await fixture.TamperAsync("update clusters.agents set keys = $1 where cluster_id = $2", keys, agent.Cluster);
        await czctl.FailsAsync(1, RefusalCode.AgentKeys, install);
        await fixture.TamperAsync("update clusters.agents set thumbprint = $1, public_key = $2 where cluster_id = $3", impostor.Thumbprint, impostor.Key.PublicKey.ToString(), agent.Cluster);
        await czctl.FailsAsync(1, RefusalCode.AgentKeys, install);
    }

    [Fact]
    public async Task The_client_reads_everything_the_hub_keeps_of_a_cluster()
    {
        using var czctl = await fixture.SignedInAsync();
        var (agent, _, _) = await fixture.JoinedAsync(czctl);
        using var _1 = agent;
        var installed = await czctl.OkAsync("install", await ClusterFixture.PublishAsync(czctl), "--cluster", "demo", "--namespace", "wiki", "--set-file", "ADMIN=/proc/self/comm");
        await ClusterFixture.ReportAsync(agent, InstallPhase.Healthy, Enum.GetValues<ReportStep>());
        var (_, state) = await agent.FetchStateAsync();
        var receipt = new AgentProtocol.Receipt(agent.Cluster, state.Serial, state.ToDigest(), AgentProtocol.Receipt.Accepted, agent.Now(), null);
        using var taken = await agent.SendReceiptAsync(receipt.Sign(agent.Key));
        using var hub = new HubClient(fixture.Hub.Address, new() { Credentials = new SessionCredentials(new SessionStore(new CzctlHome(czctl.Home), fixture.Hub.Address), TimeProvider.System) });
        var organization = agent.Organization.ToString();

        var report = Assert.Single(await hub.Clusters.ReportsAsync(organization, "demo").ToListAsync());
        Assert.Equal((state.Serial, state.Serial), (report.Serial, report.Content.GetProperty("serial").GetInt64()));
        var revision = (await hub.Clusters.RevisionsAsync(organization, "demo").ToListAsync())[0];
        Assert.Equal((state.Serial, state.ToDigest().ToString(), "installed"), (revision.Serial, revision.Digest, revision.Reason));
        var kept = Assert.Single(await hub.Clusters.ReceiptsAsync(organization, "demo").ToListAsync());
        Assert.Equal((receipt.ToDigest().ToString(), state.Serial, "accepted", agent.Thumbprint), (kept.Digest, kept.Serial, kept.Result, kept.Thumbprint));

        // And changes what is as it was when it was read, nothing else.
        var (install, etag) = await hub.Installs.GetAsync(organization, "demo", installed.Json.GetProperty("id").GetGuid());
        Assert.True((await hub.Installs.ChangeAsync(organization, "demo", install.Id, new(Paused: true), etag!)).Value.Paused);
        var stale = await Assert.ThrowsAsync<HubException>(() => hub.Installs.ChangeAsync(organization, "demo", install.Id, new(Paused: false), etag!));
        Assert.Equal(System.Net.HttpStatusCode.PreconditionFailed, stale.Status);
    }

    [Fact]
    public async Task Nothing_is_approved_that_is_not_what_was_shown()
    {
        using var czctl = await fixture.SignedInAsync();
        var (agent, _, key) = await fixture.JoinedAsync(czctl);
        using var _1 = agent;
        var app = await ClusterFixture.PublishAsync(czctl);
        string[] tamperings = ["digest = 'sha256:' || repeat('0', 64)", "edition = 'other'", "namespace = 'kube-system'", "inputs = null"];
        var installs = new List<(string Id, string Tampering)>();
        foreach (var (position, tampering) in tamperings.Index())
            installs.Add(((await czctl.OkAsync("install", app, "--cluster", "demo", "--namespace", $"wiki-{position}", "--set-file", "ADMIN=/proc/self/comm")).Json.GetProperty("id").GetString()!, tampering));
        foreach (var (id, tampering) in installs)
            await fixture.TamperAsync($"update clusters.installs set {tampering} where id = $1", Guid.Parse(id));

        foreach (var (id, tampering) in installs)
        {
            var run = await czctl.RunAsync("approve", id, "--cluster", "demo", "--key", key, "--yes", "--json");
            Assert.True((run.ExitCode, run.ErrorCode) == (1, "approval.digest_differs"), $"{tampering}: {run}");
        }
    }

    [Fact]
    public async Task Keys_are_made_once_kept_closed_and_can_have_a_passphrase()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (key, passphrase) = (Path.Combine(czctl.Home, "k.pem"), Path.Combine(czctl.Home, "passphrase"));
        await File.WriteAllTextAsync(passphrase, "open sesame\n");

        var created = await czctl.OkAsync("keys", "create", key, "--passphrase-file", passphrase);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.Contains("ENCRYPTED", await File.ReadAllTextAsync(key), StringComparison.Ordinal);
        await czctl.FailsAsync(1, "key.exists", "keys", "create", key);
        var thumbprint = created.Json.GetProperty("thumbprint").GetString();
        Assert.Equal(thumbprint, (await czctl.OkAsync("keys", "show", key, "--passphrase-file", passphrase)).Json.GetProperty("thumbprint").GetString());
        Assert.Equal(thumbprint, (await czctl.OkAsync("keys", "show", key + ".pub")).Json.GetProperty("thumbprint").GetString());
        await czctl.FailsAsync(1, "answer.needed", "keys", "show", key);
        await File.WriteAllTextAsync(passphrase, "wrong\n");
        await czctl.FailsAsync(1, RefusalCode.KeyFormat, "keys", "show", key, "--passphrase-file", passphrase);
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
}
