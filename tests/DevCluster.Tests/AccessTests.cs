using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Tests;

/// <summary>Authentication, impersonation and what each may do, over HTTP.</summary>
public sealed class AccessTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [DevClusterFact]
    public async Task Nobody_may_only_ask_whether_it_lives()
    {
        using var nobody = cluster.Api.WithToken(null);
        foreach (var path in new[] { "/version", "/healthz", "/livez", "/readyz" })
            Assert.Equal(200, (await nobody.GetAsync(path)).Code);
        foreach (var path in new[] { "/api", "/apis", "/openapi/v3", "/metrics" })
            Assert.Equal(403, (await nobody.GetAsync(path)).Code);
        var refused = await nobody.GetAsync("/api/v1/namespaces/default/secrets");
        Assert.Equal((403, "Forbidden", "secrets is forbidden: User \"system:anonymous\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\""),
            (refused.Code, refused.Text("reason"), refused.Text("message")));
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6ZGVmYXVsdDpkZWZhdWx0In0.")]
    public async Task A_bad_token_is_refused_everywhere(string token)
    {
        using var liar = cluster.Api.WithToken(token);
        foreach (var path in new[] { "/version", "/api/v1/namespaces" })
            Assert.Equal(401, (await liar.GetAsync(path)).Code);
    }

    [Fact]
    public async Task Impersonation_needs_the_right_to_it()
    {
        using var jane = cluster.Api.As("jane");
        Assert.Equal(403, (await jane.GetAsync("/api/v1/nodes")).Code);
        var ns = await cluster.NewNamespaceAsync();
        var token = (await cluster.Api.PostAsync($"/api/v1/namespaces/{ns}/serviceaccounts/default/token", new() { ["spec"] = new JsonObject() })).Text("status", "token");
        using var account = cluster.Api.WithToken(token);
        using var climber = account.As("kubernetes-admin", "system:masters");
        var refused = await climber.GetAsync("/api/v1/nodes");
        Assert.Equal(403, refused.Code);
        // Newer servers ask for a narrower right first, and name that one.
        Assert.Matches("cannot impersonate(-on:user-info:list)? resource", refused.Text("message"));
    }

    [Fact]
    public async Task An_impersonated_service_account_has_its_groups()
    {
        var ns = await cluster.NewNamespaceAsync();
        using var account = cluster.Api.As($"system:serviceaccount:{ns}:default");
        var self = await account.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", new() { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "SelfSubjectReview" });
        Assert.Equal($"system:serviceaccount:{ns}:default", self.Text("status", "userInfo", "username"));
        Assert.Superset(new HashSet<string> { "system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated" }, self.At("status", "userInfo", "groups")!.AsArray().Select(g => (string)g!).ToHashSet());
    }

    [Fact]
    public async Task Groups_without_a_user_are_no_impersonation()
    {
        using var api = cluster.Api.WithToken(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/nodes");
        request.Headers.Add("Impersonate-Group", "system:masters");
        using var response = await cluster.Api.Http.SendAsync(request);
        Assert.True((int)response.StatusCode is 400 or 403 or 500, $"{response.StatusCode}");
    }

    [Fact]
    public async Task A_token_review_knows_good_from_bad()
    {
        var ns = await cluster.NewNamespaceAsync();
        async Task<Reply> Review(string token, params string[] audiences) => await cluster.Api.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", new()
        {
            ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview",
            ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray([.. audiences.Select(a => (JsonNode)a)]) },
        });
        var issued = await cluster.Api.PostAsync($"/api/v1/namespaces/{ns}/serviceaccounts/default/token", new() { ["spec"] = new JsonObject { ["audiences"] = new JsonArray("shop") } });
        var token = issued.Text("status", "token")!;
        Assert.True((bool)(await Review(token, "shop")).At("status", "authenticated")!);
        Assert.NotEqual(true, (bool?)(await Review(token, "bank")).At("status", "authenticated"));
        Assert.NotEqual(true, (bool?)(await Review(token[..^4] + "AAAA", "shop")).At("status", "authenticated"));
        using var elsewhere = cluster.Api.WithToken(token);
        Assert.Equal(401, (await elsewhere.GetAsync("/api")).Code);
    }

    [Fact]
    public async Task A_subject_access_review_answers_for_others()
    {
        var ns = await cluster.NewNamespaceAsync();
        async Task<bool> Allowed(string user, string verb) => (bool)(await cluster.Api.PostAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", new()
        {
            ["apiVersion"] = "authorization.k8s.io/v1", ["kind"] = "SubjectAccessReview",
            ["spec"] = new JsonObject { ["user"] = user, ["resourceAttributes"] = new JsonObject { ["namespace"] = ns, ["verb"] = verb, ["resource"] = "pods" } },
        })).At("status", "allowed")!;
        Assert.False(await Allowed("jane", "list"));
        await cluster.Api.PostAsync($"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings", new()
        {
            ["metadata"] = new JsonObject { ["name"] = "view" }, ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = "view" },
            ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "User", ["name"] = "jane" }),
        });
        await Testing.Eventually.HoldsAsync(() => Allowed("jane", "list"));
        Assert.False(await Allowed("jane", "delete"));
    }

    [Fact]
    public async Task Applying_what_is_not_there_needs_the_right_to_create()
    {
        var ns = await cluster.NewNamespaceAsync();
        await cluster.Api.ApplyAsync($"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/patcher", "m",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: patcher}\nrules: [{apiGroups: [''], resources: [configmaps], verbs: [patch]}]\n");
        await cluster.Api.ApplyAsync($"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings/jane", "m",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: jane}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: patcher}\nsubjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n");
        using var jane = cluster.Api.As("jane");
        var map = $"/api/v1/namespaces/{ns}/configmaps/x";
        var refused = await Testing.Eventually.GetAsync(() => jane.ApplyAsync(map, "m", Manifests.ConfigMap("x")), r => r.Text("message")!.Contains("cannot create", StringComparison.Ordinal));
        Assert.Equal(403, refused.Code);
        await cluster.Api.PostAsync($"/api/v1/namespaces/{ns}/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = "x" } });
        Assert.Equal(200, (await jane.ApplyAsync(map, "jane", Manifests.ConfigMap("x", ("a", "1")))).Code);
    }

    [Fact]
    public async Task A_token_secret_is_filled()
    {
        var ns = await cluster.NewNamespaceAsync();
        await cluster.Api.PostAsync($"/api/v1/namespaces/{ns}/secrets", new()
        {
            ["metadata"] = new JsonObject { ["name"] = "robot", ["annotations"] = new JsonObject { ["kubernetes.io/service-account.name"] = "default" } }, ["type"] = "kubernetes.io/service-account-token",
        });
        var filled = await Testing.Eventually.GetAsync(() => cluster.Api.GetAsync($"/api/v1/namespaces/{ns}/secrets/robot"), r => r.Text("data", "token") is not null);
        using var robot = cluster.Api.WithToken(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(filled.Text("data", "token")!)));
        Assert.Equal(200, (await robot.GetAsync("/api")).Code);
    }
}
