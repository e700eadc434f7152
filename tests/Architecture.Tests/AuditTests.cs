using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace CodeZero.Architecture.Tests;

/// <summary>
/// Every route that changes something of an organization leaves an entry in its audit log. A new route fails here until it is shown how it is called with success.
/// </summary>
public sealed class AuditTests(AuditTests.HubWithDns hub) : IClassFixture<AuditTests.HubWithDns>
{
    private const string Manifest = """
        name: Test
        appId: audited
        package: '@provisioner/appengine'
        editions:
          - name: stable
            status: public
            spec:
              provisioner:
                image: example/audited
                tag: "1.0"
                ports: 8080
        """;

    [Fact]
    public async Task Every_change_of_an_organization_is_in_its_audit_log()
    {
        var findings = new List<string>();
        foreach (var route in Changing().Except(Scenarios.Keys))
            findings.Add($"{route}: add it to the scenarios of this test");
        foreach (var route in Scenarios.Keys.Except(Changing()))
            findings.Add($"{route}: there is no such route any more");
        foreach (var (route, scenario) in Scenarios)
        {
            using var stage = await Stage.SetAsync(hub);
            var request = await scenario(stage);
            var before = await stage.EntriesAsync();
            using var answer = await request();
            if (!answer.IsSuccessStatusCode)
                findings.Add($"{route}: answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            else if (await stage.EntriesAsync() == before)
                findings.Add($"{route}: succeeded, and nothing tells of it");
        }
        Findings.None(findings);
    }

    private IEnumerable<string> Changing() =>
        from endpoint in hub.Endpoints
        where endpoint.Metadata.GetMetadata<OrganizationRequirement>() is not null
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        where method is not ("GET" or "HEAD")
        select $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}";

    private static readonly string[] ForItself = ["client_credentials"], Reading = ["apps.read"];

    private static object Workload(string account = "orders")
    {
        using var key = new DpopKey();
        return new { issuer = "https://cluster.example", subject = $"system:serviceaccount:shop:{account}", keys = new { keys = new[] { key.Jwk } } };
    }

    private static readonly object ScimPatch = new { schemas = new[] { "urn:ietf:params:scim:api:messages:2.0:PatchOp" }, Operations = new[] { new { op = "replace", path = "displayName", value = "Another" } } };

    private static object ScimUser(string userName, string? displayName = null) => new { schemas = new[] { "urn:ietf:params:scim:schemas:core:2.0:User" }, userName, displayName };

    private static object ScimGroup(string displayName) => new { schemas = new[] { "urn:ietf:params:scim:schemas:core:2.0:Group" }, displayName };

    /// <summary>What has to be there before, and then the request itself.</summary>
    private static readonly Dictionary<string, Func<Stage, Task<Func<Task<HttpResponseMessage>>>>> Scenarios = new()
    {
        ["PATCH /v1/orgs/{org}"] = stage => stage.ChangeAsync(HttpMethod.Patch, "", new { name = "Another" }),
        ["DELETE /v1/orgs/{org}"] = stage => Task.FromResult(stage.Delete("")),
        ["POST /v1/orgs/{org}/transfer"] = async stage => stage.Post("/transfer", new { userId = await stage.MemberAsync() }),
        ["DELETE /v1/orgs/{org}/membership"] = async stage =>
        {
            await stage.MemberAsync("owner");
            return stage.Delete("/membership");
        },
        ["PATCH /v1/orgs/{org}/members/{user:guid}"] = async stage => await stage.ChangeAsync(HttpMethod.Patch, $"/members/{await stage.MemberAsync()}", new { role = "admin" }),
        ["DELETE /v1/orgs/{org}/members/{user:guid}"] = async stage => stage.Delete($"/members/{await stage.MemberAsync()}"),
        ["POST /v1/orgs/{org}/invitations"] = stage => Task.FromResult(stage.Invite()),
        ["DELETE /v1/orgs/{org}/invitations/{invitation:guid}"] = async stage => stage.Delete($"/invitations/{await stage.InvitationAsync()}"),
        ["POST /v1/orgs/{org}/invitations/{invitation:guid}/resend"] = async stage =>
        {
            var invitation = await stage.InvitationAsync();
            await stage.LetTimePassAsync();
            return stage.Post($"/invitations/{invitation}/resend", null);
        },
        ["POST /v1/orgs/{org}/domains"] = stage => Task.FromResult(stage.Post("/domains", new { name = $"{Guid.CreateVersion7():N}.example" })),
        ["POST /v1/orgs/{org}/domains/{domain}/verification"] = async stage => stage.Post($"/domains/{await stage.DomainAsync()}/verification", null),
        ["PUT /v1/orgs/{org}/domains/{domain}"] = async stage =>
        {
            var domain = await stage.DomainAsync();
            await Stage.DoAsync(stage.Post($"/domains/{domain}/verification", null));
            return await stage.ChangeAsync(HttpMethod.Put, $"/domains/{domain}", new { joinRole = "viewer" });
        },
        ["DELETE /v1/orgs/{org}/domains/{domain}"] = async stage => stage.Delete($"/domains/{await stage.DomainAsync()}"),
        ["PUT /v1/orgs/{org}/policy"] = async stage =>
        {
            await stage.SignInWithTwoFactorsAsync();
            return await stage.ChangeAsync(HttpMethod.Put, "/policy", new { requireMfa = true });
        },
        ["PUT /v1/orgs/{org}/sso"] = stage => Task.FromResult(stage.SignOn()),
        ["DELETE /v1/orgs/{org}/sso"] = async stage =>
        {
            await Stage.DoAsync(stage.SignOn());
            return stage.Delete("/sso");
        },
        ["DELETE /v1/orgs/{org}/provisioning"] = async stage =>
        {
            await stage.ScimUserAsync();
            return stage.Delete("/provisioning");
        },
        ["POST /scim/v2/{org}/Users"] = async stage => stage.Scim(HttpMethod.Post, "/Users", ScimUser($"ada@{await stage.VerifiedDomainAsync()}")),
        ["PUT /scim/v2/{org}/Users/{id:guid}"] = async stage =>
        {
            var (id, userName) = await stage.ScimUserAsync();
            return stage.Scim(HttpMethod.Put, $"/Users/{id}", ScimUser(userName, "Another"));
        },
        ["PATCH /scim/v2/{org}/Users/{id:guid}"] = async stage => stage.Scim(HttpMethod.Patch, $"/Users/{(await stage.ScimUserAsync()).Id}", ScimPatch),
        ["DELETE /scim/v2/{org}/Users/{id:guid}"] = async stage => stage.Scim(HttpMethod.Delete, $"/Users/{(await stage.ScimUserAsync()).Id}", null),
        ["POST /scim/v2/{org}/Groups"] = stage => Task.FromResult(stage.Scim(HttpMethod.Post, "/Groups", ScimGroup("Audited"))),
        ["PUT /scim/v2/{org}/Groups/{id:guid}"] = async stage => stage.Scim(HttpMethod.Put, $"/Groups/{await stage.ScimGroupAsync()}", ScimGroup("Another")),
        ["PATCH /scim/v2/{org}/Groups/{id:guid}"] = async stage => stage.Scim(HttpMethod.Patch, $"/Groups/{await stage.ScimGroupAsync()}", ScimPatch),
        ["DELETE /scim/v2/{org}/Groups/{id:guid}"] = async stage => stage.Scim(HttpMethod.Delete, $"/Groups/{await stage.ScimGroupAsync()}", null),
        ["POST /v1/orgs/{org}/clients"] = stage => Task.FromResult(stage.Register()),
        ["PUT /v1/orgs/{org}/clients/{client:guid}"] = async stage =>
            await stage.ChangeAsync(HttpMethod.Put, $"/clients/{await stage.ClientAsync()}", new { name = "Renamed", authenticationMethod = "client_secret_basic", grants = ForItself }),
        ["DELETE /v1/orgs/{org}/clients/{client:guid}"] = async stage => stage.Delete($"/clients/{await stage.ClientAsync()}"),
        ["POST /v1/orgs/{org}/clients/{client:guid}/secrets"] = async stage => stage.Post($"/clients/{await stage.ClientAsync()}/secrets", new { }),
        ["POST /v1/orgs/{org}/keys"] = stage => Task.FromResult(stage.MakeKey()),
        ["DELETE /v1/orgs/{org}/keys/{key:guid}"] = async stage => stage.Delete($"/keys/{(await Stage.DoAsync(stage.MakeKey())).GetProperty("key").GetProperty("id").GetGuid()}"),
        ["POST /v1/orgs/{org}/clients/{client:guid}/workloads"] = async stage => stage.Post($"/clients/{await stage.ClientAsync()}/workloads", Workload()),
        ["PUT /v1/orgs/{org}/clients/{client:guid}/workloads/{workload:guid}"] = async stage => await stage.ChangeAsync(HttpMethod.Put, await stage.WorkloadAsync(), Workload("billing")),
        ["DELETE /v1/orgs/{org}/clients/{client:guid}/workloads/{workload:guid}"] = async stage => stage.Delete(await stage.WorkloadAsync()),
        ["POST /v1/orgs/{org}/apps/{app}/versions"] = stage => Task.FromResult(stage.Publish()),
        ["PUT /v1/orgs/{org}/apps/{app}/visibility"] = async stage =>
        {
            await Stage.DoAsync(stage.Publish());
            return await stage.ChangeAsync(HttpMethod.Put, "/apps/audited/visibility", new { visibility = "public" }, "/apps/audited");
        },
        ["POST /v1/orgs/{org}/clusters"] = stage => Task.FromResult(stage.Post("/clusters", new { name = "audited" })),
        ["DELETE /v1/orgs/{org}/clusters/{cluster}"] = async stage => stage.Delete(await stage.ClusterAsync()),
        ["POST /v1/orgs/{org}/clusters/{cluster}/enrolments"] = async stage => stage.Post($"{await stage.ClusterAsync()}/enrolments", new { }),
        ["POST /v1/orgs/{org}/clusters/{cluster}/agent/acceptance"] = async stage => stage.Post("/clusters/audited/agent/acceptance", new { thumbprint = await stage.AgentAsync() }),
        ["DELETE /v1/orgs/{org}/clusters/{cluster}/agent"] = async stage =>
        {
            await stage.AgentAsync();
            return stage.Delete("/clusters/audited/agent");
        },
        ["POST /v1/orgs/{org}/clusters/{cluster}/installs"] = async stage =>
        {
            await stage.ClusterAsync();
            await Stage.DoAsync(stage.Publish());
            return stage.Install();
        },
        ["PATCH /v1/orgs/{org}/clusters/{cluster}/installs/{install:guid}"] = async stage =>
            await stage.ChangeAsync(HttpMethod.Patch, $"/clusters/audited/installs/{(await stage.InstallAsync()).GetProperty("id").GetGuid()}", new { paused = true }),
        ["DELETE /v1/orgs/{org}/clusters/{cluster}/installs/{install:guid}"] = async stage => stage.Delete($"/clusters/audited/installs/{(await stage.InstallAsync()).GetProperty("id").GetGuid()}"),
        ["POST /v1/orgs/{org}/clusters/{cluster}/approvals"] = async stage =>
        {
            var install = await stage.InstallAsync();
            var cluster = (await Stage.DoAsync(stage.Get("/clusters/audited"))).GetProperty("id").GetGuid();
            var envelope = new Approval(cluster, stage.Owner.OrganizationId, install.GetProperty("id").GetGuid(), AppManifest.Digest.Parse(install.GetProperty("digest").GetString()!),
                DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()), null, "ada@example.com").Sign(EcPrivateKey.Generate());
            return stage.Post("/clusters/audited/approvals", new { install = install.GetProperty("id").GetGuid(), envelope = JsonElement.Parse(envelope.ToJson()) });
        },
    };

    /// <summary>The whole Hub, with a DNS that says what it is told.</summary>
    public sealed class HubWithDns : HubFixture
    {
        public DnsServer Dns { get; } = DnsServer.Start();

        public IReadOnlyList<RouteEndpoint> Endpoints =>
            [.. ((EndpointDataSource)Hub.Services.GetService(typeof(EndpointDataSource))!).Endpoints.OfType<RouteEndpoint>()];

        protected override IReadOnlyDictionary<string, string?> Settings => Dns.Settings;
    }

    /// <summary>A new organization and its owner.</summary>
    private sealed class Stage(HubWithDns hub, TestPerson owner) : IDisposable
    {
        public TestPerson Owner => owner;

        public static async Task<Stage> SetAsync(HubWithDns hub) => new(hub, await hub.SignUpAsync());

        public Func<Task<HttpResponseMessage>> Get(string path) => () => owner.Client.GetAsync(Address(path));

        public Func<Task<HttpResponseMessage>> Post(string path, object? body) => () => owner.Client.PostAsync(Address(path), body is null ? null : JsonContent.Create(body));

        public Func<Task<HttpResponseMessage>> Delete(string path) => () => owner.Client.DeleteAsync(Address(path));

        /// <summary>A change with the ETag of the resource as it is now.</summary>
        public async Task<Func<Task<HttpResponseMessage>>> ChangeAsync(HttpMethod method, string path, object body, string? read = null)
        {
            using var now = await owner.Client.GetAsync(Address(read ?? path));
            var tag = now.Headers.ETag;
            return () => owner.Client.SendAsync(new HttpRequestMessage(method, Address(path)) { Content = JsonContent.Create(body), Headers = { IfMatch = { tag ?? EntityTagHeaderValue.Any } } });
        }

        public static async Task<JsonElement> DoAsync(Func<Task<HttpResponseMessage>> request)
        {
            using var answer = await request();
            var body = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode ? body.Length > 0 ? JsonElement.Parse(body) : default : throw new InvalidOperationException($"{(int)answer.StatusCode}: {body}");
        }

        public async Task<Guid> MemberAsync(string role = "developer")
        {
            using var member = await hub.SignUpAsync();
            await hub.JoinAsync(member, owner.OrganizationId, role);
            return member.UserId;
        }

        public Func<Task<HttpResponseMessage>> Invite() => Post("/invitations", new { email = $"{Guid.CreateVersion7():N}@example.com", role = "viewer" });

        public async Task<Guid> InvitationAsync() => (await DoAsync(Invite())).GetProperty("id").GetGuid();

        public Func<Task<HttpResponseMessage>> Register() => Post("/clients", new { client = new { name = "Audited", authenticationMethod = "client_secret_basic", grants = ForItself } });

        public Func<Task<HttpResponseMessage>> MakeKey() => Post("/keys", new { name = "Audited", permissions = Reading });
        public Func<Task<HttpResponseMessage>> SignOn() => () => owner.Client.PutAsJsonAsync(Address("/sso"), new { issuer = "https://login.example.com", clientId = "hub", clientSecret = "secret" });

        public async Task<Guid> ClientAsync() => (await DoAsync(Register())).GetProperty("client").GetProperty("id").GetGuid();

        /// <summary>The path of a workload.</summary>
        public async Task<string> WorkloadAsync()
        {
            var workloads = $"/clients/{await ClientAsync()}/workloads";
            return $"{workloads}/{(await DoAsync(Post(workloads, Workload()))).GetProperty("id").GetGuid()}";
        }

        /// <summary>As if the invitations had been sent an hour ago.</summary>
        public Task<long> LetTimePassAsync() => AskAsync("update identity.invitations set sent_at = sent_at - interval '1 hour' where organization_id = $1 returning 1::bigint", owner.OrganizationId);

        /// <summary>A claimed domain that has its record.</summary>
        public async Task<string> DomainAsync()
        {
            var name = $"{Guid.CreateVersion7():N}.example";
            var record = (await DoAsync(Post("/domains", new { name }))).GetProperty("record");
            hub.Dns.Texts[record.GetProperty("name").GetString()!] = [record.GetProperty("text").GetString()!];
            return name;
        }

        public async Task<string> VerifiedDomainAsync()
        {
            var domain = await DomainAsync();
            await DoAsync(Post($"/domains/{domain}/verification", null));
            return domain;
        }

        public Func<Task<HttpResponseMessage>> Scim(HttpMethod method, string path, object? body) =>
            () => owner.Client.SendAsync(new HttpRequestMessage(method, $"/scim/v2/{owner.Slug}{path}") { Content = body is null ? null : JsonContent.Create(body) });

        public async Task<(string Id, string UserName)> ScimUserAsync()
        {
            var userName = $"ada@{await VerifiedDomainAsync()}";
            return ((await DoAsync(Scim(HttpMethod.Post, "/Users", ScimUser(userName)))).GetProperty("id").GetString()!, userName);
        }

        public async Task<string> ScimGroupAsync() => (await DoAsync(Scim(HttpMethod.Post, "/Groups", ScimGroup("Audited")))).GetProperty("id").GetString()!;

        public Func<Task<HttpResponseMessage>> Publish() => () => owner.Client.PostAsync(Address("/apps/audited/versions"), new StringContent(Manifest, Encoding.UTF8, "application/yaml"));

        public async Task<string> ClusterAsync()
        {
            await DoAsync(Post("/clusters", new { name = "audited" }));
            return "/clusters/audited";
        }

        /// <summary>The thumbprint of an agent that waits for acceptance.</summary>
        public async Task<string> AgentAsync()
        {
            var enrolment = await DoAsync(Post($"{await ClusterAsync()}/enrolments", new { }));
            using var agent = new TestAgent(hub.Hub.CreateClient(), EnrolmentToken.Parse(enrolment.GetProperty("token").GetString()!).Value);
            await DoAsync(() => agent.EnrolAsync());
            return agent.Thumbprint;
        }

        public Func<Task<HttpResponseMessage>> Install() => Post("/clusters/audited/installs", new { app = $"{owner.Slug}/audited", name = "audited", @namespace = "default", edition = "stable" });

        public async Task<JsonElement> InstallAsync()
        {
            await ClusterAsync();
            await DoAsync(Publish());
            return await DoAsync(Install());
        }

        /// <summary>As if the owner had signed in with two factors.</summary>
        public async Task SignInWithTwoFactorsAsync()
        {
            await AskAsync("update identity.grants set amr = '{pwd,otp,mfa}' where user_id = $1 returning 1::bigint", owner.UserId);
            await owner.RenewAsync();
        }

        public Task<long> EntriesAsync() => AskAsync("select count(*) from identity.audit_events where organization_id = $1", owner.OrganizationId);

        public void Dispose() => owner.Dispose();

        private string Address(string path) => $"/v1/orgs/{owner.Slug}{path}";

        private async Task<long> AskAsync(string sql, object value)
        {
            await using var connection = new NpgsqlConnection(hub.Database.Superuser);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = value } } };
            return (long)(await command.ExecuteScalarAsync())!;
        }
    }
}
