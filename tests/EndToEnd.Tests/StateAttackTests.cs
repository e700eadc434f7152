using System.Text;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>Who has the network between Hub and agent can keep news away, and nothing else: what runs goes on.</summary>
public sealed class StateAttackTests(Platform platform) : IClassFixture<Platform>, IAsyncLifetime
{
    private const string Running = "running";

    public async Task InitializeAsync()
    {
        if (!await platform.Cluster.HasNamespaceAsync(Running))
            await platform.InstallAsync(Running);
    }

    /// <summary>Ends the attack, after which the agent catches up; when it starts anew it asks at once.</summary>
    public async Task DisposeAsync()
    {
        platform.Wire.Attacker = null;
        await platform.KillAgentAsync();
        platform.StartAgent();
        await Eventually.HoldsAsync(async () =>
            await platform.Person.Api.Installs.ListAsync(platform.Person.Organization, Platform.ClusterName).AllAsync(install => install.Link("fetched").State == "done"));
    }

    [Fact]
    public async Task An_altered_state_is_refused_and_the_last_good_one_goes_on()
    {
        platform.Wire.Attacker = AlteringState(envelope =>
        {
            var json = JsonNode.Parse(envelope)!;
            var payload = Encoding.UTF8.GetString(Convert.FromBase64String((string)json["payload"]!));
            json["payload"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(payload.Replace("\"paused\":false", "\"paused\":true", StringComparison.Ordinal)));
            return Encoding.UTF8.GetBytes(json.ToJsonString());
        });

        await AssertRefusedAsync("altered", RefusalCode.StateSignature);
    }

    [Fact]
    public async Task A_state_signed_by_another_key_is_refused()
    {
        var key = EcPrivateKey.Generate();
        platform.Wire.Attacker = AlteringState(envelope => SignedStates.Read(envelope).Sign(key).ToJson());

        await AssertRefusedAsync("resigned", RefusalCode.StateSignature);
    }

    [Fact]
    public async Task An_older_state_is_refused_though_the_Hub_signed_it()
    {
        var older = await SignedStates.EnvelopeAsync(platform, platform.ClusterId, back: 1);
        platform.Wire.Attacker = AlteringState(_ => older);

        await AssertRefusedAsync("older", RefusalCode.StateRollback);
    }

    [Fact]
    public async Task Another_cluster_s_state_is_refused_though_the_Hub_signed_it()
    {
        var (organization, clusters) = (platform.Person.Organization, platform.Person.Api.Clusters);
        var other = await clusters.CreateAsync(organization, "other");
        using var agent = new TestAgent(platform.CreateClient(), EnrolmentToken.Parse((await clusters.EnrolAsync(organization, "other")).Token).Value);
        using (await agent.EnrolAsync())
            await clusters.AcceptAsync(organization, "other", agent.Thumbprint);
        var foreign = await SignedStates.EnvelopeAsync(platform, other.Id);
        platform.Wire.Attacker = AlteringState(_ => foreign);

        await AssertRefusedAsync("foreign", RefusalCode.StateWrongCluster);
    }

    [Fact]
    public async Task An_altered_document_is_refused_and_no_other_install_waits_for_it()
    {
        const string ns = "document";
        var wanted = await platform.RequestAsync(ns);
        platform.Wire.Attacker = async (request, passOn) =>
        {
            var answer = await passOn();
            if (!request.Path.StartsWith("/agent/v1/blobs/", StringComparison.Ordinal) || answer.Status != 200 || !Encoding.UTF8.GetString(answer.Body).Contains("approvals", StringComparison.Ordinal))
                return answer;
            answer.Body[^1] = (byte)' ';
            return answer;
        };

        await platform.ApproveAsync(wanted);

        await platform.UntilAsync(ns, install => install.Link("fetched") is { State: "refused", Code: RefusalCode.BlobDigest });
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
        Assert.Equal("done", (await platform.FindAsync(Running)).Link("healthy").State);
    }

    [Fact]
    public async Task A_captured_request_cannot_be_sent_again()
    {
        foreach (var (what, isIt) in new (string, Func<SentRequest, bool>)[]
        {
            ("a report", request => request is { Method: "POST", Path: AgentApi.Reports }),
            ("a question for the state", request => request is { Method: "GET", Path: AgentApi.State }),
            ("a request for a token", request => request.Path == "/connect/token" && Encoding.UTF8.GetString(request.Body).Contains("client_credentials", StringComparison.Ordinal)),
        })
        {
            var captured = await Eventually.GetAsync(() => Task.FromResult(platform.Wire.Requests.LastOrDefault(isIt)), request => request is not null);

            var answer = await platform.Wire.SendAsync(captured!);

            Assert.True(answer.Status is 400 or 401, $"{what}: {answer.Status} {Encoding.UTF8.GetString(answer.Body)}");
            Assert.Contains("used before", Encoding.UTF8.GetString(answer.Body), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_captured_token_is_of_no_use_without_the_agent_s_key()
    {
        var captured = await Eventually.GetAsync(() => Task.FromResult(platform.Wire.Requests.LastOrDefault(request => request.Path == AgentApi.State)), request => request is not null);
        var authorization = captured!.Headers.Single(header => header.Key == "Authorization").Value[0];
        using var thief = new DpopKey();
        var proof = thief.Prove(HttpMethod.Get, new Uri(platform.Address, AgentApi.State), authorization.Split(' ')[1]);

        var stolen = await platform.Wire.SendAsync(captured with { Headers = [new("Authorization", [authorization]), new(DpopProof.HeaderName, [proof])] });
        var asBearer = await platform.Wire.SendAsync(captured with { Headers = [new("Authorization", [authorization.Replace("DPoP", "Bearer", StringComparison.Ordinal)])] });

        Assert.Equal((401, 401), (stolen.Status, asBearer.Status));
    }

    /// <summary>Something new is wanted, and its state is attacked: the install says why it does not come, and the last good state is in force: even an App that is deleted comes back.</summary>
    private async Task AssertRefusedAsync(string ns, string code)
    {
        await platform.RequestAsync(ns);

        await platform.UntilAsync(ns, install => install.Link("fetched") is { State: "refused" } fetched && fetched.Code == code);

        Assert.Contains(code, (await platform.Person.TryCzctlAsync("status", $"{ns}/vaultwarden", "--cluster", Platform.ClusterName)).Output, StringComparison.Ordinal);
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
        await platform.Cluster.KubectlAsync("-n", Running, "delete", "app", "vaultwarden", "--timeout=30s");
        await platform.Cluster.KubectlAsync("-n", Running, "wait", "--for=create", "deployment/vaultwarden", "--timeout=60s");
        await platform.Cluster.KubectlAsync("-n", Running, "wait", "--for=condition=Available", "deployment/vaultwarden", "--timeout=30s");
    }

    private static Func<SentRequest, Func<Task<SentAnswer>>, Task<SentAnswer>> AlteringState(Func<byte[], byte[]> alter) => async (request, passOn) =>
    {
        var answer = await passOn();
        return request.Path == AgentApi.State && answer.Status == 200 ? answer with { Body = alter(answer.Body) } : answer;
    };
}
