
namespace CodeZero.DevCluster.Tests;

/// <summary>Input that means harm gets an answer that helps, and the server goes on.</summary>
public sealed class HostileInputTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    public static TheoryData<string, string, int> Bodies => new()
    {
        { "application/json", "", 400 },
        { "application/json", "[]", 400 },
        { "application/json", "{\"metadata\":", 400 },
        { "application/json", "{\"metadata\":5}", 400 },
        { "application/json", "{\"metadata\":{\"name\":5}}", 400 },
        { "application/json", "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":{}}}}", 400 },
        { "application/json", string.Concat(Enumerable.Repeat("{\"a\":", 20_000)) + "1" + new string('}', 20_000), 400 },
        { "application/yaml", "a: *b", 400 },
        { "application/yaml", "a: [", 400 },
        { "application/yaml", "a: 1\n---\nb: 2\n", 422 },
        { "application/yaml", "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", 400 },
        { "application/yaml", string.Concat(Enumerable.Repeat("[", 5000)), 400 },
        { "application/vnd.kubernetes.protobuf", "k8s\0\u0012\u007f", 400 },
        { "application/vnd.kubernetes.protobuf", "nonsense", 400 },
        { "text/plain", "hello", 415 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_bad_body_is_the_senders_fault(string contentType, string body, int code)
    {
        var reply = await cluster.Api.SendAsync(HttpMethod.Post, Maps, contentType, body);
        Assert.Equal(code, reply.Code);
        Assert.Equal("Failure", reply.Text("status"));
        Assert.Equal(200, (await cluster.Api.GetAsync("/readyz")).Code);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_too_large()
    {
        var reply = await cluster.Api.SendAsync(HttpMethod.Post, Maps, "application/json", "{\"metadata\":{\"name\":\"big\"},\"data\":{\"a\":\"" + new string('x', 4 << 20) + "\"}}");
        Assert.Equal(413, reply.Code);
    }

    /// <summary>A real server takes the last of two, nests ten thousand deep, or blames itself (500).</summary>
    [DevClusterFact]
    public async Task Where_a_real_server_is_lenient_or_at_a_loss_the_sender_hears_it()
    {
        async Task<int> Post(string body) => (await cluster.Api.SendAsync(HttpMethod.Post, Maps, "application/json", body)).Code;
        Assert.Equal(400, await Post("""{"metadata":{"name":"a"},"metadata":{"name":"b"}}"""));
        Assert.Equal(400, await Post(string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000)));
        Assert.Equal(400, (await cluster.Api.GetAsync($"{Maps}?watch=true&resourceVersion=abc")).Code);
        Assert.Equal(400, (await cluster.Api.SendAsync(HttpMethod.Patch, $"{Maps}/kube-root-ca.crt", "application/strategic-merge-patch+json", """{"$patch":"explode"}""")).Code);
    }

    [Theory]
    [InlineData("?labelSelector=%3D%3D", 400)]
    [InlineData("?labelSelector=a%20in%20(", 400)]
    [InlineData("?fieldSelector=a", 400)]
    [InlineData("?continue=%21%21", 400)]
    [InlineData("?resourceVersion=-1", 400)]
    [InlineData("?resourceVersionMatch=Exact", 422)]
    [InlineData("?resourceVersion=1&resourceVersionMatch=Sometimes", 422)]
    public async Task A_bad_query_is_the_senders_fault(string query, int code) => Assert.Equal(code, (await cluster.Api.GetAsync(Maps + query)).Code);

    [Theory]
    [InlineData("/api/v1/namespaces/default/configmaps/a/b/c/d")]
    [InlineData("/api/v1/namespaces/default/nodes")]
    [InlineData("/api/v9/namespaces")]
    [InlineData("/apis/nothing.example.com/v1/things")]
    [InlineData("/openapi/v3/apis/nothing/v1")]
    [InlineData("/nothing")]
    public async Task An_unknown_path_is_not_found(string path) => Assert.Equal(404, (await cluster.Api.GetAsync(path)).Code);

    [Fact]
    public async Task Patches_that_do_not_fit_say_why()
    {
        await cluster.Api.ApplyAsync($"{Maps}/patched", "m", Manifests.ConfigMap("patched", ("a", "1")));
        async Task<int> Patch(string type, string body) => (await cluster.Api.SendAsync(HttpMethod.Patch, $"{Maps}/patched", $"application/{type}", body)).Code;
        Assert.Equal(400, await Patch("json-patch+json", "{}"));
        Assert.Equal(422, await Patch("json-patch+json", """[{"op":"remove","path":"/data/b"}]"""));
        Assert.Equal(422, await Patch("json-patch+json", """[{"op":"add","path":"/data/a/b","value":1}]"""));
        Assert.Equal(422, await Patch("json-patch+json", """[{"op":"jump","path":"/data"}]"""));
        Assert.Equal(422, await Patch("json-patch+json", """[{"op":"add","path":"/data/a","value":1}]"""));
        Assert.Equal(422, await Patch("merge-patch+json", """{"data":{"a":1}}"""));
        Assert.Equal(400, await Patch("merge-patch+json", "[]"));
        Assert.Equal(415, await Patch("unheard-of+json", "{}"));
    }

    [Fact]
    public async Task A_pattern_that_never_ends_is_cut_short()
    {
        const string Group = "regex.example.com";
        var definition = Manifests.Definition(Group).Replace("pattern: '^[a-z]+$'", "pattern: '^(a+)+$'", StringComparison.Ordinal);
        await cluster.DefineShipsAsync(Group, definition);
        var reply = await Testing.Eventually.GetAsync(() => cluster.Api.ApplyAsync($"/apis/{Group}/v1/namespaces/default/ships/x", "m", Manifests.Ship(Group, "x", $"captain: {new string('a', 60)}B")), r => r.Code != 404);
        Assert.Equal(422, reply.Code);
    }

    [Fact]
    public async Task Only_known_text_reaches_a_warning_header()
    {
        var reply = await cluster.Api.SendAsync(HttpMethod.Post, Maps, "application/json", "{\"metadata\":{\"generateName\":\"w-\"},\"a\\r\\nX-Evil: 1é\":1}");
        Assert.Equal(201, reply.Code);
        Assert.False(reply.Headers.Contains("X-Evil"));
        Assert.DoesNotContain(reply.Headers.GetValues("Warning"), v => v.Any(c => c is < ' ' or '\x7f'));
        Assert.Contains("unknown field \\\"a\\\\r\\\\nX-Evil: 1", Assert.Single(reply.Headers.GetValues("Warning")), StringComparison.Ordinal);
    }
}
