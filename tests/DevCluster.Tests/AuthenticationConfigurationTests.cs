using System.Text;
using CodeZero.DevCluster.Auth;

namespace CodeZero.DevCluster.Tests;

/// <summary>The file that says whose tokens are believed: row T01, and that nothing in it is read over.</summary>
public sealed class AuthenticationConfigurationTests
{
    private const string Configuration = """
        apiVersion: apiserver.config.k8s.io/v1
        kind: AuthenticationConfiguration
        jwt:
        - issuer:
            url: https://hub.example.com
            audiences:
            - https://hub.example.com/orgs/1/clusters/2
          claimMappings:
            username:
              claim: email
              prefix: "codezero:"
            groups:
              claim: groups
              prefix: "codezero:"
          userValidationRules:
          - expression: "!user.username.startsWith('system:')"
            message: no user of Kubernetes' own
          - expression: "user.groups.all(group, !group.startsWith('system:'))"
            message: no group of Kubernetes' own
        """;

    [Fact]
    public void What_the_Hub_prints_is_understood()
    {
        var issuer = Assert.Single(Parse(Configuration));

        Assert.Equal(("https://hub.example.com", "https://hub.example.com/.well-known/openid-configuration"), (issuer.Url, issuer.DiscoveryDocument));
        Assert.Equal(["https://hub.example.com/orgs/1/clusters/2"], issuer.Audiences);
        Assert.Equal((new ClaimMapping("email", "codezero:"), new ClaimMapping("groups", "codezero:")), (issuer.Username, issuer.Groups));
        Assert.Equal([new UserRule("system:", false, "no user of Kubernetes' own"), new UserRule("system:", true, "no group of Kubernetes' own")], issuer.Rules);
    }

    [Theory]
    [InlineData("url: https://hub.example.com", "url: http://127.0.0.1:8080")]
    [InlineData("url: https://hub.example.com", "url: http://localhost:8080")]
    [InlineData("url: https://hub.example.com", "url: https://hub.example.com\n    discoveryURL: https://inside.example.com/d")]
    [InlineData("  claimMappings:", "  claimValidationRules:\n  - claim: hd\n    requiredValue: example.com\n  claimMappings:")]
    [InlineData("    audiences:", "    audienceMatchPolicy: MatchAny\n    audiences:\n    - second")]
    [InlineData("config.k8s.io/v1", "config.k8s.io/v1beta1")]
    public void So_is_what_Kubernetes_documents_beside_it(string text, string instead) => Assert.Single(Parse(Configuration.Replace(text, instead, StringComparison.Ordinal)));

    [Theory]
    [InlineData("T01", "url: https://hub.example.com", "url: http://hub.example.com", "jwt[0].issuer.url: Invalid value: \"http://hub.example.com\": URL scheme must be https")]
    [InlineData("T01", "url: https://hub.example.com", "url: https://hub.example.com?a=b", "must not contain a query")]
    [InlineData("T01", "url: https://hub.example.com", "url: https://hub.example.com#a", "must not contain a fragment")]
    [InlineData("T01", "url: https://hub.example.com", "url: https://me:secret@hub.example.com", "must not contain a username or password")]
    [InlineData("T01", "url: https://hub.example.com", "url: hub", "must be an absolute URL")]
    [InlineData("T01", "url: https://hub.example.com", "url: ''", "jwt[0].issuer.url: Required value")]
    [InlineData("T01", "url: https://hub.example.com", "url: https://hub.example.com\n    discoveryURL: https://hub.example.com", "must be different from URL")]
    [InlineData("T01", "url: https://hub.example.com", "url: https://hub.example.com\n    discoveryURL: http://inside.example.com", "discoveryURL: Invalid value")]
    [InlineData("T02", "url: https://hub.example.com", "url: https://hub.example.com\n    certificateAuthority: none", "does not contain any valid")]
    [InlineData("T03", "    audiences:\n    - https://hub.example.com/orgs/1/clusters/2", "    audiences: []", "at least one")]
    [InlineData("T03", "    audiences:", "    audiences:\n    - second", "audienceMatchPolicy must be MatchAny")]
    [InlineData("T04", "!user.username.startsWith('system:')", "user.username != 'root'", "jwt[0].userValidationRules[0].expression: Unsupported value")]
    [InlineData("T04", "user.groups.all(group, !group", "user.groups.exists(group, !group", "jwt[0].userValidationRules[1].expression: Unsupported value")]
    [InlineData("T05", "      claim: email\n      prefix: \"codezero:\"", "      expression: claims.email", "jwt[0].claimMappings.username.claim: Required value")]
    [InlineData("T05", "      claim: email\n      prefix: \"codezero:\"", "      claim: email", "prefix is required when claim is set")]
    [InlineData("", "  claimMappings:", "  claimValidationRules:\n  - expression: claims.hd == 'example.com'\n  claimMappings:", "jwt[0].claimValidationRules[0].claim: Required value")]
    [InlineData("", "    username:", "    uid: { claim: sub }\n    username:", "jwt[0].claimMappings.uid: is not a field that DevCluster supports")]
    [InlineData("", "jwt:", "anonymous: { enabled: false }\njwt:", "anonymous: is not a field that DevCluster supports")]
    [InlineData("", "kind: AuthenticationConfiguration", "kind: EncryptionConfiguration", "kind: Unsupported value")]
    [InlineData("", "config.k8s.io/v1", "config.k8s.io/v1alpha1", "apiVersion: Unsupported value")]
    [InlineData("", "    audiences:", "    audiences: 7\n    more:", "must be a list")]
    [InlineData("", "claim: groups", "claim: [groups]", "must be a string")]
    public void What_is_wrong_or_not_supported_is_refused_by_its_field(string id, string text, string instead, string message)
    {
        var changed = Configuration.Replace(text, instead, StringComparison.Ordinal);
        Assert.NotEqual(Configuration, changed);

        var refused = Assert.Throws<ConfigurationException>(() => Parse(changed));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(id);
    }

    [Fact]
    public void An_issuer_stands_once()
    {
        var second = Configuration[Configuration.IndexOf("- issuer", StringComparison.Ordinal)..];

        Assert.Contains("Duplicate value", Assert.Throws<ConfigurationException>(() => Parse(Configuration + "\n" + second)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_file_stops_the_start_and_says_where()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, Configuration.Replace("https://hub", "http://hub", StringComparison.Ordinal));

            var refused = await Assert.ThrowsAsync<InvalidDataException>(() => DevClusterServer.StartAsync(new() { AuthenticationConfigPath = path }));

            Assert.StartsWith($"{path}: jwt[0].issuer.url: ", refused.Message, StringComparison.Ordinal);
            await File.WriteAllTextAsync(path, "jwt: [");
            Assert.StartsWith($"{path}: error parsing YAML", (await Assert.ThrowsAsync<InvalidDataException>(() => DevClusterServer.StartAsync(new() { AuthenticationConfigPath = path }))).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IReadOnlyList<JwtIssuer> Parse(string yaml) => AuthenticationConfiguration.Parse(Encoding.UTF8.GetBytes(yaml));
}
