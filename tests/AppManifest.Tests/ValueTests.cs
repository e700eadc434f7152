namespace CodeZero.AppManifest.Tests;

public class PasswordGeneratorTests
{
    [Fact]
    public void By_default_ten_letters()
    {
        var password = PasswordGenerator.Generate(new());
        Assert.Equal(10, password.Length);
        Assert.All(password, c => Assert.True(char.IsAsciiLetter(c)));
    }

    [Fact]
    public void A_strict_password_has_every_kind_even_when_it_is_as_short_as_can_be()
    {
        var options = new GenerateOptions { Length = 4, Numbers = true, Symbols = "!", Strict = true };
        for (var i = 0; i < 50; i++)
        {
            var password = PasswordGenerator.Generate(options);
            Assert.Contains(password, char.IsAsciiLetterLower);
            Assert.Contains(password, char.IsAsciiLetterUpper);
            Assert.Contains(password, char.IsAsciiDigit);
            Assert.Contains('!', password);
        }
    }

    [Fact]
    public void Excluded_and_similar_characters_never_appear()
    {
        var password = PasswordGenerator.Generate(new() { Length = 1_024, Numbers = true, Symbols = "|`#", Exclude = "abc", ExcludeSimilarCharacters = true });
        Assert.DoesNotContain(password, c => "abcilLI|`oO0".Contains(c, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_character_is_about_equally_likely()
    {
        // 30,000 draws of 3: each expected 10,000 times, standard deviation 82. Six of them would be one run in 10⁸.
        var counts = Enumerable.Range(0, 300).SelectMany(_ => PasswordGenerator.Generate(new() { Length = 100, Lowercase = false, Uppercase = false, Symbols = "xyz" }))
            .GroupBy(c => c).Select(g => g.Count()).ToList();
        Assert.Equal(3, counts.Count);
        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
    }

    [Fact]
    public void Impossible_options_throw()
    {
        Assert.Throws<ArgumentException>(() => PasswordGenerator.Generate(new() { Lowercase = false, Uppercase = false }));
        Assert.Throws<ArgumentException>(() => PasswordGenerator.Generate(new() { Length = 0 }));
        Assert.Throws<ArgumentException>(() => PasswordGenerator.Generate(new() { Length = 1, Strict = true }));
    }

    [Fact]
    public void Options_read_as_they_are_documented()
    {
        var engine = Manifests.EngineOf("secrets: {A: {generate: {length: 20, symbols: true, uppercase: false, exclude: '!'}}, B: {generate: true}}");
        var options = Assert.IsType<ConfigValue.Generated>(engine.Secrets["A"]).Options;
        Assert.Equal((20, false, "!"), (options.Length, options.Uppercase, options.Exclude));
        Assert.Equal(2, options.Pools.Count);
        Assert.DoesNotContain('!', options.Pools[1]);
        Assert.Equal(new GenerateOptions(), Assert.IsType<ConfigValue.Generated>(engine.Secrets["B"]).Options);
    }
}

public class PublicAddressTests
{
    [Theory]
    [InlineData("$PUBLIC_FQDN", "a--b.example.com")]
    [InlineData("$PUBLIC_URL/x", "https://a--b.example.com/x")]
    [InlineData("$PUBLIC_URL $PUBLIC_FQDN $PUBLIC_URL", "https://a--b.example.com a--b.example.com https://a--b.example.com")]
    [InlineData("$$PUBLIC_FQDN", "$PUBLIC_FQDN")]
    [InlineData("$$$PUBLIC_FQDN", "$$PUBLIC_FQDN")]
    [InlineData("$PUBLIC_FQDN$$PUBLIC_URL", "a--b.example.com$PUBLIC_URL")]
    [InlineData("$PUBLIC", "$PUBLIC")]
    [InlineData("$$ and $1 stay", "$$ and $1 stay")]
    [InlineData("$", "$")]
    [InlineData("", "")]
    public void Tokens_are_replaced_wherever_they_stand(string text, string expected) => Assert.Equal(expected, PublicAddress.Replace(text, "a--b.example.com"));

    [Theory]
    [InlineData("x$PUBLIC_URLx", true)]
    [InlineData("$$PUBLIC_URL", false)]
    [InlineData("PUBLIC_URL", false)]
    public void Only_tokens_that_would_be_replaced_count(string text, bool expected) => Assert.Equal(expected, PublicAddress.IsIn(text));
}

public class ImageReferenceTests
{
    private const string Sha = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Theory]
    [InlineData("redis", null, "redis", null, null)]
    [InlineData("redis:7", null, "redis", "7", null)]
    [InlineData("bitnami/moodle:4.1", null, "bitnami/moodle", "4.1", null)]
    [InlineData("ghcr.io/a/b", "ghcr.io", "a/b", null, null)]
    [InlineData("reg:5000/x", "reg:5000", "x", null, null)]
    [InlineData("reg:5000/x:1", "reg:5000", "x", "1", null)]
    [InlineData("localhost/x", "localhost", "x", null, null)]
    [InlineData("[::1]:5000/x", "[::1]:5000", "x", null, null)]
    [InlineData("a/b:1@" + Sha, null, "a/b", "1", Sha)]
    public void References_are_taken_apart(string text, string? registry, string repository, string? tag, string? digest) =>
        Assert.Equal(new ImageReference(registry, repository, tag, digest), ImageReference.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("Redis")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a:")]
    [InlineData("a:b c")]
    [InlineData("a:.b")]
    [InlineData("a@md5:00")]
    [InlineData("a@")]
    [InlineData("http://a/b")]
    [InlineData("-a.example/b")]
    [InlineData("a\n")]
    public void Other_texts_are_none(string text) => Assert.False(ImageReference.TryParse(text, out _));

    [Theory]
    [InlineData("reg:5000/x", "2", "reg:5000/x:2", ImagePullPolicy.IfNotPresent)]
    [InlineData("x", "latest", "x:latest", ImagePullPolicy.Always)]
    [InlineData("x", null, "x", ImagePullPolicy.Always)]
    [InlineData("x:1", "2", "x:1", ImagePullPolicy.IfNotPresent)]
    [InlineData("x:1@" + Sha, "2", "x@" + Sha, ImagePullPolicy.IfNotPresent)]
    [InlineData("x:latest@" + Sha, null, "x@" + Sha, ImagePullPolicy.IfNotPresent)]
    public void The_edition_s_tag_counts_unless_the_image_says_more(string image, string? tag, string expected, ImagePullPolicy policy)
    {
        var yaml = Manifests.Engine(tag is null ? "" : "tag: " + tag).Replace("image: sample", $"image: '{image}'", StringComparison.Ordinal);
        var engine = EditionSpec.Read(Manifests.Valid(yaml).Editions[0].Spec).Value!.Provisioner.AppEngine!;
        Assert.Equal((expected, policy), (engine.Image.ToString(), engine.Image.DefaultPullPolicy));
    }

    [Fact]
    public void A_long_hostile_name_is_refused_quickly() => Assert.False(ImageReference.TryParse(string.Concat(Enumerable.Repeat("a-", 290)), out _));
}

public class QuantityTests
{
    [Theory]
    [InlineData("1Gi", "1073741824")]
    [InlineData("500m", "0.5")]
    [InlineData("1.5", "1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("1e3", "1000")]
    [InlineData("2E-3", "0.002")]
    [InlineData("2E", "2000000000000000000")]
    [InlineData("100n", "0.0000001")]
    [InlineData("0", "0")]
    [InlineData("+1k", "1000")]
    public void Quantities_have_a_value_and_keep_their_text(string text, string value)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        Assert.Equal(decimal.Parse(value, System.Globalization.CultureInfo.InvariantCulture), quantity.Value);
        Assert.Equal(text, quantity.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData("-1")]
    [InlineData("1 Gi")]
    [InlineData("1GB")]
    [InlineData("1K")]
    [InlineData("1e99")]
    [InlineData("99999999999999999999E")]
    [InlineData("1e-99")]
    [InlineData("0.0001n")]
    [InlineData("١")]
    [InlineData("1\n")]
    [InlineData(null)]
    public void Other_texts_are_none(string? text) => Assert.False(Quantity.TryParse(text, out _));
}

public class AppEngineSpecTests
{
    [Fact]
    public void The_first_normative_example_of_the_engine_reads_so()
    {
        var engine = Manifests.EngineOf("ports: 8080");
        Assert.Equal(new AppPort(null, 8080, PortProtocol.Tcp, 8080), Assert.Single(engine.Ports));
        Assert.Empty(engine.Configs);
    }

    [Fact]
    public void Configs_are_the_written_texts()
    {
        var configs = Manifests.EngineOf("configs: {PUID: 1000, AUTO_UPDATE: true, JUPYTER_ENABLE_LAB: yes, MODE: 0022}").Configs;
        Assert.Equal(["true", "yes", "0022", "1000"], configs.Values.Select(v => ((ConfigValue.Literal)v).Text));
    }

    [Fact]
    public void A_volume_keeps_its_parts_and_gets_a_lower_case_name()
    {
        var volume = Assert.Single(Manifests.EngineOf("volumes: [{name: Data, size: 1Gi, mountPath: /d, subPath: sp}]").Volumes);
        Assert.Equal(("data", 1L << 30, "/d", "sp"), (volume.Name, (long)volume.Size.Value, volume.MountPath, volume.SubPath));
    }

    [Fact]
    public void Probes_security_resources_and_references_read_into_types()
    {
        var engine = Manifests.EngineOf("""
            imagePullPolicy: always
            command: [run, --fast]
            secretRefs: [db]
            probes:
              startupProbe: {httpGet: {port: 8080}, failureThreshold: 30, initialDelaySeconds: 180, periodSeconds: 10}
              readinessProbe: {tcpSocket: {port: web}}
              livenessProbe: {grpc: {port: 9}}
            securityContext: {runAsUser: 4001, supplementalGroups: [1, 2]}
            resources: {requests: {cpu: 250m, memory: 64Mi}, limits: {memory: 1Gi}}
            services:
              - mysqld: {secretKeyRef: db}
              - cache: {package: '@acme/cache', namespace: shared}
            """);
        Assert.Equal(ImagePullPolicy.Always, engine.PullPolicy);
        Assert.Equal(["run", "--fast"], engine.Command);
        Assert.Equal(["db"], engine.SecretRefs);
        Assert.Equal(new AppProbe(new ProbeQuestion.HttpGet("/", "8080", false), 180, 10, null, null, 30), engine.Probes.Startup);
        Assert.Equal(new ProbeQuestion.TcpSocket("web"), engine.Probes.Readiness!.Question);
        Assert.Equal(new ProbeQuestion.Grpc(9, null), engine.Probes.Liveness!.Question);
        Assert.Equal((4001, 2), (engine.SecurityContext.RunAsUser, engine.SecurityContext.SupplementalGroups.Count));
        Assert.Equal(0.25m, engine.Resources.Requests["cpu"].Value);
        Assert.Equal([("mysqld", "@provisioner/mysqld", null), ("cache", "@acme/cache", "shared")], engine.Services.Select(s => (s.Name, s.Package, s.Namespace)));
    }

    [Theory]
    [InlineData("[{port: 1, name: a}, {port: 80, name: http}]", "targetPort: 1", 1)]
    [InlineData("[{port: 1, name: a}, {port: 80, name: http}]", "disabled: false", 80)]
    [InlineData("[{port: 1, name: a}, {port: 2, name: b}]", "disabled: false", 1)]
    public void A_route_without_a_port_finds_one(string ports, string route, int expected)
    {
        var yaml = Manifests.Engine("ports: " + ports).Replace("targetService: sample", "targetService: sample\n          " + route, StringComparison.Ordinal);
        var spec = EditionSpec.Read(Manifests.Valid(yaml).Editions[0].Spec).Value!;
        Assert.Equal(expected, spec.Provisioner.AppEngine!.PortOf(spec.Routes[0])!.Port);
    }

    [Fact]
    public void A_tcp_route_finds_the_port_of_its_number()
    {
        var engine = Manifests.EngineOf("ports: [{port: 1, name: http}, {port: 9042, name: cql}]");
        Assert.Equal("cql", engine.PortOf(new(RouteType.Tcp, "sample", null, false, false, null, new("cql", 9042, false)))!.Name);
    }
}
