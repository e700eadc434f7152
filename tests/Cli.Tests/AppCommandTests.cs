using System.Text.Json;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

public sealed class AppCommandTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private const string Manifest = """
        appId: wiki-app
        name: Wiki
        package: '@provisioner/appengine'
        icon: icon.svg
        summary: summary.md
        editions:
          - edition-stable.yaml
        """;

    private const string Edition = """
        name: stable
        status: public
        spec:
          routes: [{ type: http, targetService: wiki-app }]
          provisioner: { package: '@provisioner/appengine', image: example/wiki, tag: '1.0', ports: 8080 }
        """;

    [Fact]
    public async Task A_manifest_is_published_with_all_it_refers_to_and_again_without_change()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (_, slug) = await czctl.SignUpAsync();
        var directory = WriteManifest(czctl);
        await File.WriteAllTextAsync(Path.Combine(directory, "not-referred-to.txt"), new string('x', 6 << 20));

        var first = await czctl.RunAsync("app", "publish", directory, "--json");
        var again = await czctl.RunAsync("app", "publish", directory, "--json");

        Assert.True(first.ExitCode == 0, first.ToString());
        var publication = Assert.Single(first.Json.GetProperty("publications").EnumerateArray());
        Assert.Equal((slug, "wiki-app", "1.0.0", "private"), (Text(publication, "publisher"), Text(publication, "app"), Text(publication, "version"), Text(publication, "visibility")));
        Assert.Equal((0, Text(publication, "digest")), (again.ExitCode, Text(again.Json.GetProperty("publications")[0], "digest")));
        var listed = Assert.Single((await czctl.RunAsync("app", "list", "--json")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(("# Pages\n", true), (Text(listed, "summary"), Text(listed, "icon").StartsWith("/v1/artwork/sha256:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_published_is_shown_with_its_digest_checked()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (_, slug) = await czctl.SignUpAsync();
        await czctl.RunAsync("app", "publish", WriteManifest(czctl), "--version", "2.0.0");

        var shown = await czctl.RunAsync("app", "show", "wiki-app");
        var json = await czctl.RunAsync("app", "show", $"{slug}/wiki-app", "--json");
        var manifest = await czctl.RunAsync("app", "show", "wiki-app", "--manifest");

        Assert.Contains("stable (public)", shown.Out, StringComparison.Ordinal);
        Assert.Equal("2.0.0", Text(json.Json.GetProperty("version"), "version"));
        Assert.Equal(Text(json.Json.GetProperty("version"), "digest"), AppManifest.Digest.Of(System.Text.Encoding.UTF8.GetBytes(manifest.Out.TrimEnd('\n'))).ToString());
    }

    [Fact]
    public async Task Publishing_can_make_the_application_public_and_can_be_repeated()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (_, slug) = await czctl.SignUpAsync();
        var directory = WriteManifest(czctl);
        for (var i = 0; i < 2; i++)
        {
            var run = await czctl.RunAsync("app", "publish", directory, "--visibility", "public", "--json");
            Assert.Equal((0, "public"), (run.ExitCode, Text(run.Json.GetProperty("publications")[0], "visibility")));
        }
        using var anyone = fixture.Hub.CreateClient();
        Assert.True((await anyone.GetAsync($"/v1/apps/{slug}/wiki-app")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Other_content_under_a_published_version_ends_with_1_and_says_what_to_do()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        await czctl.RunAsync("app", "publish", WriteManifest(czctl), "--version", "1.0.0");

        var run = await czctl.RunAsync("app", "publish", WriteManifest(czctl, Edition.Replace("1.0", "1.1", StringComparison.Ordinal)), "--version", "1.0.0", "--json");

        Assert.Equal((1, "version.content_differs"), (run.ExitCode, run.ErrorCode));
    }

    [Fact]
    public async Task Validating_needs_no_hub_and_names_the_place_of_a_mistake()
    {
        using var czctl = new Czctl(fixture.Hub) { Environment = { ["CZCTL_HUB"] = "https://nowhere.invalid" } };
        var good = WriteManifest(czctl);
        var bad = WriteManifest(czctl, Edition.Replace("status", "statsu", StringComparison.Ordinal));

        var valid = await czctl.RunAsync("app", "validate", good, "--json");
        var invalid = await czctl.RunAsync("app", "validate", bad, "--json");
        var text = await czctl.RunAsync("app", "validate", bad);

        Assert.Equal((0, true), (valid.ExitCode, valid.Json.GetProperty("valid").GetBoolean()));
        Assert.Equal((1, false), (invalid.ExitCode, invalid.Json.GetProperty("valid").GetBoolean()));
        var found = Assert.Single(invalid.Json.GetProperty("diagnostics").EnumerateArray(), found => Text(found, "severity") == "error");
        Assert.Equal((Path.Combine(bad, "edition-stable.yaml"), 2, 1, "status"), (Text(found, "file"), found.GetProperty("line").GetInt32(), found.GetProperty("column").GetInt32(), Text(found, "suggestion")));
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("edition-stable.yaml:2:1", text.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text.Out);
    }

    [Theory]
    [InlineData(".", "edition-stable.yaml:2:1: ")]
    [InlineData("./c6o.yaml", "edition-stable.yaml:2:1: ")]
    [InlineData("c6o.yaml", "edition-stable.yaml:2:1: ")]
    [InlineData("../{0}", "../{0}/edition-stable.yaml:2:1: ")]
    [InlineData("../{0}/", "../{0}/edition-stable.yaml:2:1: ")]
    public async Task A_mistake_is_placed_where_it_is_found_from_the_working_directory(string written, string expected)
    {
        using var czctl = new Czctl(fixture.Hub);
        var directory = WriteManifest(czctl, Edition.Replace("status", "statsu", StringComparison.Ordinal));
        string Named(string pattern) => pattern.Replace("{0}", Path.GetFileName(directory), StringComparison.Ordinal);

        var validated = await czctl.RunProcessAsync(["app", "validate", Named(written)], "", directory);
        var published = await czctl.RunProcessAsync(["app", "publish", Named(written)], "", directory);

        Assert.StartsWith(Named(expected), validated.Out, StringComparison.Ordinal);
        Assert.Contains("\n" + Named(expected), published.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_manifest_is_refused_before_it_is_sent()
    {
        using var czctl = new Czctl(fixture.Hub) { Environment = { ["CZCTL_HUB"] = "https://nowhere.invalid" } };
        var run = await czctl.RunAsync("app", "publish", WriteManifest(czctl, "name: stable\n"), "--json");
        Assert.Equal((1, "manifest.invalid"), (run.ExitCode, run.ErrorCode));
    }

    [Theory]
    [InlineData(4, "app", "validate", "/no/such/manifest")]
    [InlineData(2, "app", "validate")]
    [InlineData(2, "app", "nonsense")]
    [InlineData(2, "app", "list", "--nonsense")]
    [InlineData(2, "app", "publish", ".", "--visibility", "everybody")]
    public async Task Exit_codes_tell_what_was_wrong(int exitCode, params string[] arguments)
    {
        using var czctl = new Czctl(fixture.Hub);
        var run = await czctl.RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == exitCode, run.ToString());
        Assert.NotNull(run.ErrorCode);
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task What_is_not_there_ends_with_4()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        Assert.Equal(4, (await czctl.RunAsync("app", "show", "nobody/nothing")).ExitCode);
        Assert.Equal(4, (await czctl.RunAsync("app", "show", "../orgs")).ExitCode);
        Assert.Equal(4, (await czctl.RunAsync("org", "use", "somebody-elses")).ExitCode);
        Assert.Equal(4, (await czctl.RunAsync("app", "list", "--org", "somebody-elses")).ExitCode);
    }

    [Fact]
    public async Task Help_shows_examples_and_quiet_says_nothing()
    {
        using var czctl = new Czctl(fixture.Hub);
        Assert.Contains("Examples:", (await czctl.RunAsync("app", "publish", "--help")).Out, StringComparison.Ordinal);
        var quiet = await czctl.RunAsync("app", "validate", WriteManifest(czctl), "--quiet");
        Assert.Equal((0, "", ""), (quiet.ExitCode, quiet.Out, quiet.Error));
    }

    [Fact]
    public async Task A_process_shows_help_and_version_and_ends_with_the_code_of_its_failure()
    {
        using var czctl = new Czctl(fixture.Hub) { Environment = { ["LC_ALL"] = "de_DE.ISO-8859-1" } };
        var help = await czctl.RunProcessAsync("app", "publish", "--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains("  czctl app publish <manifest> [options]", help.Out, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  czctl app publish .\n", help.Out, StringComparison.Ordinal);

        var (option, command) = (await czctl.RunProcessAsync("--version"), await czctl.RunProcessAsync("version"));
        Assert.Equal((0, $"czctl {option.Out}", ""), (option.ExitCode, command.Out, command.Error));

        var usage = await czctl.RunProcessAsync("install", "acme/wiki");
        Assert.Equal((2, ""), (usage.ExitCode, usage.Out));
        Assert.EndsWith("See: czctl install --help\n", usage.Error, StringComparison.Ordinal);
        Assert.EndsWith("See: czctl app publish --help\n", (await czctl.RunAsync("app", "publish")).Error, StringComparison.Ordinal);
        var missing = await czctl.RunProcessAsync("app", "validate", "/no/such/schön");
        Assert.Equal((4, ""), (missing.ExitCode, missing.Out));
        Assert.Contains("/no/such/schön", missing.Error, StringComparison.Ordinal);
    }

    private static string WriteManifest(Czctl czctl, string edition = Edition)
    {
        var directory = Directory.CreateDirectory(Path.Combine(czctl.Home, Guid.CreateVersion7().ToString("N"))).FullName;
        File.WriteAllText(Path.Combine(directory, "c6o.yaml"), Manifest);
        File.WriteAllText(Path.Combine(directory, "edition-stable.yaml"), edition);
        File.WriteAllText(Path.Combine(directory, "summary.md"), "# Pages\n");
        File.WriteAllText(Path.Combine(directory, "icon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        return directory;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";
}
