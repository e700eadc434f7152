using System.Net;
using System.Text;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Testing;

namespace CodeZero.Hub.Clusters.Tests;

/// <summary>An organization of a test's own.</summary>
public sealed class TestOrganization(ClustersFixture hub, Guid id, string slug, Guid owner)
{
    public Guid Id => id;
    public string Slug => slug;
    public Guid Owner => owner;
    public ClustersFixture Hub => hub;

    /// <summary>The owner's client.</summary>
    public HttpClient Client { get; } = hub.ClientOf(owner);

    public string Clusters => $"/v1/orgs/{slug}/clusters";

    /// <summary>The client of a new member with this role.</summary>
    public async Task<HttpClient> NewMemberAsync(string role)
    {
        var member = await hub.NewOrganizationAsync();
        await hub.SqlAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, $3, now())", id, member.Owner, role);
        return hub.ClientOf(member.Owner);
    }

    public Task<JsonElement> NewClusterAsync(string name) => Client.PostAsync(Clusters, new { name }).JsonAsync(201);

    /// <summary>A one-time token for a cluster.</summary>
    public async Task<EnrolmentToken> NewTokenAsync(string cluster, int minutes = 30) =>
        EnrolmentToken.Parse((await Client.PostAsync($"{Clusters}/{cluster}/enrolments", new { minutes }).JsonAsync(201)).Text("token")).Value;

    /// <summary>An agent with a fresh token for a cluster; it has not used it yet.</summary>
    public async Task<TestAgent> NewAgentAsync(string cluster, string? clusterUid = null)
    {
        var token = await NewTokenAsync(cluster);
        return new(hub.Agents.CreateClient(), token) { ClusterUid = clusterUid ?? Guid.CreateVersion7().ToString() };
    }

    /// <summary>A cluster with an agent that was accepted.</summary>
    public async Task<TestCluster> NewEnrolledClusterAsync(string? name = null)
    {
        name ??= $"c{Guid.CreateVersion7():N}"[..20];
        var cluster = await NewClusterAsync(name);
        var agent = await NewAgentAsync(name);
        await agent.EnrolAsync().JsonAsync(201);
        await AcceptAsync(name, agent.Thumbprint).JsonAsync();
        return new(this, cluster.Id(), name, agent);
    }

    public Task<HttpResponseMessage> AcceptAsync(string cluster, string thumbprint) => Client.PostAsync($"{Clusters}/{cluster}/agent/acceptance", new { thumbprint });

    /// <summary>Publishes an application with the editions <c>stable</c> (public) and <c>beta</c> (private).</summary>
    public async Task<JsonElement> PublishAsync(string app, string version = "1.0.0", string image = "nginx")
    {
        var manifest = $"""
            name: Test
            appId: {app}
            package: '@provisioner/appengine'
            editions:
              - name: stable
                status: public
                spec:
                  provisioner:
                    image: {image}
                    tag: {version}
                    ports: 8080
              - name: beta
                status: private
                spec:
                  provisioner:
                    image: {image}
                    tag: {version}-beta
                    ports: 8080
            """;
        return await Client.PostAsync($"/v1/orgs/{slug}/apps/{app}/versions?version={version}", new StringContent(manifest, Encoding.UTF8, "application/yaml")).JsonAsync(201);
    }
}

/// <summary>A cluster whose agent was accepted.</summary>
public sealed class TestCluster(TestOrganization organization, Guid id, string name, TestAgent agent)
{
    public TestOrganization Organization => organization;
    public Guid Id => id;
    public string Name => name;
    public TestAgent Agent => agent;
    public HttpClient Client => organization.Client;
    public string Path => $"{organization.Clusters}/{name}";

    /// <summary>The key with which a person approves; the Hub never sees its private part.</summary>
    public EcPrivateKey Approver { get; } = EcPrivateKey.Generate();

    /// <summary>Publishes an application and wants its stable edition here.</summary>
    public async Task<JsonElement> InstallAsync(string app = "hello", string name = "hello", string @namespace = "default", string version = "1.0.0")
    {
        await organization.PublishAsync(app, version);
        return await RequestAsync(app, name, @namespace, version).JsonAsync(201);
    }

    public Task<HttpResponseMessage> RequestAsync(string app, string name, string @namespace, string? version = null, string? edition = "stable") =>
        Client.PostAsync($"{Path}/installs", new { app = $"{organization.Slug}/{app}", name, @namespace, version, edition });

    public Task<JsonElement> GetAsync(Guid install) => Client.GetAsync($"{Path}/installs/{install}").JsonAsync();

    public Task<HttpResponseMessage> PatchAsync(Guid install, object change, string? etag, HttpClient? client = null)
    {
        var message = new HttpRequestMessage(HttpMethod.Patch, $"{Path}/installs/{install}") { Content = System.Net.Http.Json.JsonContent.Create(change) };
        if (etag is not null)
            message.Headers.TryAddWithoutValidation("If-Match", etag);
        return (client ?? Client).SendAsync(message);
    }

    public async Task<string> ETagAsync(Guid install)
    {
        using var response = await Client.GetAsync($"{Path}/installs/{install}");
        return response.Headers.ETag!.ToString();
    }

    /// <summary>An approval of this digest, signed.</summary>
    public DsseEnvelope Approve(JsonElement install, string? digest = null, EcPrivateKey? key = null) => new Approval(
        id, organization.Id, install.Id(), AppManifest.Digest.Parse(digest ?? install.Text("digest")), agent.Now(), null, "ada@example.com").Sign(key ?? Approver);

    public Task<HttpResponseMessage> HandInAsync(Guid install, DsseEnvelope envelope) =>
        Client.PostAsync($"{Path}/approvals", new { install, envelope = JsonElement.Parse(envelope.ToJson()) });

    /// <summary>The same agent as it speaks to another replica, by that one's clock.</summary>
    public TestAgent AgentAt(HubInstance replica, TimeProvider? clock = null) =>
        new(replica.CreateClient(), agent.Token, organization.Hub.Agents.Address, clock) { Key = agent.Key, Authenticate = _ => agent.TokenAsync() };

    /// <summary>The Hub's state keys, as an enrolment names them.</summary>
    public async Task<IReadOnlyList<EcPublicKey>> StateKeysAsync() =>
        [.. (await Client.PostAsync($"{Path}/enrolments", new { }).JsonAsync(201)).GetProperty("stateKeys").EnumerateArray().Select(jwk => EcPublicKey.Parse(jwk.GetRawText()).Value)];

    /// <summary>Takes the agent's right away.</summary>
    public async Task RevokeAsync()
    {
        using var response = await Client.DeleteAsync($"{Path}/agent");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }
}
