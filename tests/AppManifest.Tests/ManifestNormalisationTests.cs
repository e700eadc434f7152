using System.Text;
using System.Text.Json;

namespace CodeZero.AppManifest.Tests;

public class ManifestNormalisationTests
{
    [Fact]
    public void Order_comments_and_style_do_not_change_the_digest()
    {
        var one = Manifests.Valid("""
            appId: sample
            name: Sample
            keywords: [a, b]
            editions:
              - name: stable
                status: public
                spec:
                  provisioner: {package: '@provisioner/appengine', image: sample, tag: 11, ports: 8080, configs: {B: 2, A: yes}}
            """);
        var other = Manifests.Valid("""
            # the same application, written by somebody else
            editions:
              - spec:
                  provisioner:
                    configs:
                      A: "yes"
                      B: '2'
                    ports:
                      - port: 8080   # http
                        protocol: tcp
                    tag: "11"
                    image: "sample"
                    package: "@provisioner/appengine"
                status: Public
                name: stable
            keywords:
              - a
              - b
            name: "Sample"
            appId: sample
            """);
        Assert.Equal(Encoding.UTF8.GetString(one.Canonical.Span), Encoding.UTF8.GetString(other.Canonical.Span));
        Assert.Equal(one.Digest, other.Digest);
        Assert.True(CanonicalJson.IsCanonical(one.Canonical));
    }

    [Fact]
    public void The_canonical_form_is_this() => Assert.Equal(
        """{"appId":"sample","editions":[{"name":"stable","spec":{"provisioner":{"configs":{"A":"1.10","T":"True","Y":"yes","Z":{"generate":{"length":20}}},"image":"sample","package":"@provisioner/appengine","ports":[{"port":8080,"protocol":"TCP"}],"tag":"1.10"},"routes":[{"targetService":"sample","type":"http"}]},"status":"private"}],"name":"Sample"}""",
        Manifests.Canonical(Manifests.Engine("tag: 1.10\nports: 8080\nconfigs:\n  Y: yes\n  A: 1.10\n  T: True\n  Z: {generate: {length: 20}}")));

    [Theory]
    [InlineData("edition", "scope: public", "manifest.old_name", "\"status\":\"public\"")]
    [InlineData("root", "keyworks: [a]", "manifest.old_name", "\"keywords\":[\"a\"]")]
    [InlineData("engine", "port: 80", "manifest.old_name", "\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]")]
    [InlineData("engine", "volume: [{name: a, size: 1Gi, mountPath: /a}]", "manifest.old_name", "\"volumes\":[{")]
    [InlineData("engine", "config: [{A: yes}, {B: 2}]", "manifest.shape", "\"configs\":{\"A\":\"yes\",\"B\":\"2\"}")]
    [InlineData("engine", "secret: [{A: {generate: {length: 20}}}]", "manifest.shape", "\"secrets\":{\"A\":{\"generate\":{\"length\":20}}}")]
    [InlineData("engine", "flow: {prompts: {name: A, c6o: {target: secret}}}", "manifest.old_name", "\"target\":\"secrets\"")]
    [InlineData("engine", "services: {mysqld: {}, redis: {}}", "manifest.shape", "\"services\":[{\"mysqld\":{}},{\"redis\":{}}]")]
    [InlineData("spec", "marina: {launch: {type: inline, popup: true}}", "manifest.old_name", "\"popUp\":true")]
    [InlineData("spec", "services: [{a: {port: 1}}, {b: {}}]", "manifest.shape", "\"services\":{\"a\":{\"port\":1},\"b\":{}}")]
    [InlineData("spec", "routes: [{type: tcp, targetService: sample, tcp: {name: a, strictPort: 89}}]", "manifest.shape", "\"tcp\":{\"name\":\"a\",\"port\":89,\"strictPort\":true}")]
    [InlineData("engine", "ports: [{port: 1}, {port: 2, name: b}]", "manifest.port_name", "{\"name\":\"p1\",\"port\":1,\"protocol\":\"TCP\"}")]
    public void Mistakes_with_one_meaning_are_read_with_a_warning(string where, string lines, string code, string canonical)
    {
        var yaml = where switch { "root" => Manifests.Root(lines), "edition" => Manifests.Edition(lines), "spec" => Manifests.Spec(lines), _ => Manifests.Engine(lines) };
        Assert.Contains(canonical, Manifests.Canonical(yaml), StringComparison.Ordinal);
        Assert.Contains(Manifests.Parse(yaml).Diagnostics, d => d is { Severity: Severity.Warning, Line: > 0 } && d.Code == code);
    }

    [Theory]
    [InlineData("ports: 80", "manifest.shorthand")]
    [InlineData("tag: 11", "manifest.tag_text")]
    [InlineData("flow: {prompts: [{name: A}]}", "manifest.shorthand")]
    [InlineData("secretRefs: a-secret", "manifest.shorthand")]
    [InlineData("volumes: [{name: DATA, size: 1Gi, mountPath: /d}]", "manifest.case")]
    [InlineData("volumes: [{size: 1Gi, mountPath: /var/lib/data}]", "manifest.volume_name")]
    [InlineData("ports: [{port: 1, protocol: udp}]", "manifest.case")]
    public void Documented_shorthands_are_noted(string lines, string code) =>
        Assert.Contains(Manifests.Parse(Manifests.Engine(lines)).Diagnostics, d => d.Severity == Severity.Note && d.Code == code);

    [Theory]
    [InlineData("ports: [{port: 1, probe: x}]", "manifest.ignored")]
    [InlineData("ports: [{port: 1, type: http}]", "manifest.ignored")]
    [InlineData("name: other", "manifest.ignored")]
    [InlineData("ignore: true", "manifest.ignored")]
    [InlineData("secrets: {A: hunter2}", "manifest.literal_secret")]
    [InlineData("secrets: {A: {generate: {length: 15}}}", "manifest.weak_secret")]
    [InlineData("flow: {prompts: {type: password, name: A, default: hunter2}}", "manifest.literal_secret")]
    public void Unwise_lines_are_warned_about(string lines, string code) =>
        Assert.Contains(Manifests.Parse(Manifests.Engine(lines)).Diagnostics, d => d.Severity == Severity.Warning && d.Code == code);

    [Fact]
    public void An_image_that_only_a_package_of_the_publishers_own_would_run_is_warned_about()
    {
        var named = Manifests.Root("");
        Assert.Empty(Manifests.Parse(named).Diagnostics);
        var found = Assert.Single(Manifests.Parse(named.Replace("package: '@provisioner/appengine'", "summary: A sample.", StringComparison.Ordinal)).Diagnostics);
        Assert.Equal((Severity.Warning, "manifest.own_package", "editions[0].spec.provisioner.image"), (found.Severity, found.Code, found.Path));
        Assert.Contains("@provisioner/sample", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id: sample", "appId: sample")]
    public void Id_is_an_old_name_of_appId(string old, string current)
    {
        var yaml = Manifests.Root("");
        Assert.Equal(Manifests.Valid(yaml).Digest, Manifests.Valid(yaml.Replace(current, old, StringComparison.Ordinal)).Digest);
    }

    [Theory]
    [InlineData("flow: $unset")]
    [InlineData("configs: {}")]
    [InlineData("probes: {startupProbe: }")]
    [InlineData("volumes: ~")]
    [InlineData("automated: true")]
    public void What_is_empty_is_absent(string lines) =>
        Assert.DoesNotContain(lines.Split(':')[0] + "\":[", Manifests.Canonical(Manifests.Engine(lines)), StringComparison.Ordinal);

    [Fact]
    public void The_application_s_package_counts_for_editions_without_one()
    {
        var own = Manifests.Valid("appId: sample\nname: S\neditions: [{name: a, spec: {provisioner: {storage: 2Gi}}}]");
        Assert.Equal("@provisioner/sample", EditionSpec.Read(own.Editions[0].Spec).Value!.Provisioner.Package);
        var roots = Manifests.Valid("appId: sample\nname: S\npackage: '@acme/x'\neditions: [{name: a, spec: {provisioner: {storage: 2Gi}}}]");
        Assert.Equal("@acme/x", EditionSpec.Read(roots.Editions[0].Spec).Value!.Provisioner.Package);
        Assert.True(EditionSpec.Read(Manifests.Valid("appId: sample\nname: S\neditions: [{name: a, spec: {provisioner: ignore}}]").Editions[0].Spec).Value!.Provisioner.IsIgnored);
    }

    [Fact]
    public void Each_document_is_an_application_and_two_with_one_id_are_none()
    {
        var documents = Manifests.Root("") + "\n---\n" + Manifests.Root("").Replace("appId: sample", "appId: other", StringComparison.Ordinal);
        Assert.Equal(["sample", "other"], Manifests.Parse(documents).Applications.Select(a => a.AppId));
        var twins = Manifests.Parse(Manifests.Root("") + "\n---\n" + Manifests.Root("summary: x"));
        Assert.Empty(twins.Applications);
        Assert.Contains(twins.Diagnostics, d => d.Code == "manifest.duplicate");
    }

    [Fact]
    public void A_bad_document_does_not_take_a_good_one_with_it() =>
        Assert.Equal("other", Assert.Single(Manifests.Parse(Manifests.Root("x: y") + "\n---\n" + Manifests.Root("").Replace("appId: sample", "appId: other", StringComparison.Ordinal)).Applications).AppId);

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n...\n")]
    [InlineData("a text")]
    [InlineData("[a, list]")]
    public void What_is_no_mapping_is_no_application(string yaml)
    {
        var result = Manifests.Parse(yaml);
        Assert.True(result.HasErrors);
        Assert.Empty(result.Applications);
    }

    [Fact]
    public void Only_the_platform_owns_system_applications()
    {
        const string yaml = "_id: system\nappId: sys\nname: S\nsystem: true\neditions: [{name: a, spec: {provisioner: {namespace: c6o-system}, marina: {launch: {type: inline, tag: c6o-sys}}}}]";
        Assert.True(Manifests.Parse(yaml).HasErrors);
        var platform = Manifests.Valid(yaml, new() { PlatformPublisher = true });
        Assert.Equal((true, "system"), (platform.IsSystem, platform.FixedId));
        var again = Application.FromCanonical(platform.Canonical);
        Assert.Equal((true, "system", platform.Digest), (again.IsSystem, again.FixedId, again.Digest));
        var imported = Manifests.Valid(yaml.Replace("appId: sys", "appId: system", StringComparison.Ordinal), new() { Importer = true });
        Assert.DoesNotContain("c6o-s", Encoding.UTF8.GetString(imported.Canonical.Span), StringComparison.Ordinal);
        Assert.False(imported.IsSystem);
    }

    [Fact]
    public void Importing_repairs_what_is_certain_and_still_reports_it()
    {
        var status = Manifests.Parse(Manifests.Edition("status: preview"), new() { Importer = true });
        Assert.Equal(EditionStatus.Private, Assert.Single(status.Applications).Editions[0].Status);
        Assert.True(status.HasErrors);
        Assert.Empty(Manifests.Parse(Manifests.Edition("status: preview")).Applications);

        var image = Manifests.Parse("appId: sample\nname: S\npackage: '@provisioner/appengine'\neditions: [{name: a, spec: {provisioner: {tag: 1}}}]", new() { Importer = true });
        Assert.Equal("@provisioner/sample", EditionSpec.Read(Assert.Single(image.Applications).Editions[0].Spec).Value!.Provisioner.Package);

        var misplaced = Manifests.Parse(Manifests.Engine("marina: {launch: {type: inline}}"), new() { Importer = true });
        Assert.NotNull(EditionSpec.Read(Assert.Single(misplaced.Applications).Editions[0].Spec).Value!.Marina!.Launch);
    }

    [Fact]
    public void Canonical_bytes_read_back_as_what_they_were()
    {
        var application = Manifests.Valid(Manifests.Engine("ports: 8080\nconfigs: {A: 1}\nflow: {prompts: {name: B, type: list, choices: [x, y], default: 1}}"));
        var again = Application.FromCanonical(application.Canonical);
        Assert.Equal(application.Canonical.ToArray(), again.Canonical.ToArray());
        Assert.Equal(application.Editions[0].Spec.GetRawText(), again.Editions[0].Spec.GetRawText());
    }

    [Theory]
    [InlineData("0.0000001")]
    [InlineData("1000000000000000000000")]
    [InlineData("-5")]
    public void Numbers_read_back_however_canonical_JSON_writes_them(string number)
    {
        var application = Manifests.Valid(Manifests.Prompts($"- {{name: A, type: number, c6o: {{min: {number}}}}}"));
        var min = EditionSpec.Read(Application.FromCanonical(application.Canonical).Editions[0].Spec).Value!.Provisioner.Flow.Prompts.Single().Min;
        Assert.Equal(decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture), min);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{ "appId":"sample"}""")]
    [InlineData("""{"appId":"sample","editions":[],"name":"x"}""")]
    [InlineData("""{"appId":"SAMPLE","editions":[{"name":"a","spec":{"provisioner":"ignore"}}],"name":"x"}""")]
    public void Other_bytes_are_no_application(string json) => Assert.Throws<FormatException>(() => Application.FromCanonical(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Members_of_a_newer_writer_are_kept_and_covered_by_the_digest()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"appId":"sample","editions":[{"name":"a","novelty":1,"spec":{"provisioner":"ignore"}}],"name":"x","zeal":true}""");
        Assert.Equal(Digest.Of(bytes), Application.FromCanonical(bytes).Digest);
    }

    [Fact]
    public void The_sample_of_this_repository_is_without_fault()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !Directory.Exists(Path.Combine(directory.FullName, "samples")))
            directory = directory.Parent;
        var result = ManifestParser.Parse(ManifestFiles.Open(Path.Combine(directory!.FullName, "samples", "vaultwarden")), new() { Strict = true });
        Assert.Empty(result.Diagnostics);
        Assert.Equal("image/svg+xml", Assert.Single(Assert.Single(result.Applications).Assets).MediaType);
    }

    [Fact]
    public void Specs_from_a_cluster_may_say_anything_without_throwing()
    {
        foreach (var json in new[] { "null", "1", "[]", "{}", """{"provisioner":null}""", """{"provisioner":{"package":"@provisioner/appengine","image":{}}}""", """{"provisioner":{"image":"a","image":"b"}}""", """{"provisioner":"\ud800"}""",
            """{"provisioner":{"package":"@acme/x","a":""" + new string('[', 60) + new string(']', 60) + "}}" })
            Assert.True(EditionSpec.Read(JsonDocument.Parse(json).RootElement).Value is not null || EditionSpec.Read(JsonDocument.Parse(json).RootElement).HasErrors);
        Assert.True(AppEngineSpec.Read(JsonDocument.Parse("[]").RootElement).HasErrors);
    }
}
