using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodeZero.Testing;

namespace CodeZero.Hub.Registry.Tests;

public sealed class PublishingTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task A_version_is_published_once_and_read_back_byte_for_byte()
    {
        using var person = await fixture.SignUpAsync();

        var (status, published) = await PublishAsync(person, Sample.Yaml(Sample.Manifest()), "2.1.0");
        var (again, same) = await PublishAsync(person, Sample.Yaml("# only a comment\n" + Sample.Manifest()), "2.1.0");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (status, again));
        Assert.Equal(Text(published, "digest"), Text(same, "digest"));
        Assert.Equal((person.Slug, "wiki-app", "2.1.0", "private"), (Text(published, "publisher"), Text(published, "app"), Text(published, "version"), Text(published, "visibility")));
        Assert.Equal(["wiki-app"], published.GetProperty("applications").EnumerateArray().Select(app => app.GetString()));

        foreach (var address in new[] { "2.1.0", Text(published, "digest") })
        {
            using var response = await person.Client.GetAsync($"/v1/apps/{person.Slug}/wiki-app/versions/{address}");
            var body = await response.Content.ReadAsStringAsync();
            // The manifest stands last in the answer, as the canonical bytes themselves.
            var canonical = body[(body.IndexOf("\"manifest\":", StringComparison.Ordinal) + "\"manifest\":".Length)..^1];
            Assert.Equal(Text(published, "digest"), "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
            Assert.StartsWith($"\"{Text(published, "digest")}", response.Headers.ETag?.Tag, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Other_content_under_the_same_version_is_refused_and_nothing_is_lost()
    {
        using var person = await fixture.SignUpAsync();
        var (_, first) = await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: "1.0")), "1.0.0");

        var (status, problem) = await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: "1.1")), "1.0.0");

        Assert.Equal((HttpStatusCode.Conflict, "version.content_differs"), (status, Text(problem, "code")));
        Assert.Equal(Text(first, "digest"), Text(problem, "published"));
        Assert.NotEqual(Text(first, "digest"), Text(problem, "given"));
        var read = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/apps/{person.Slug}/wiki-app/versions/1.0.0");
        Assert.Equal(Text(first, "digest"), Text(read, "digest"));
    }

    [Fact]
    public async Task Build_metadata_alone_makes_no_other_version()
    {
        using var person = await fixture.SignUpAsync();
        await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: "1.0")), "1.0.0+a");

        var (status, problem) = await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: "1.1")), "1.0.0+b");

        Assert.Equal((HttpStatusCode.Conflict, "1.0.0+a"), (status, Text(problem, "version")));
    }

    [Fact]
    public async Task Of_many_who_publish_one_version_at_once_one_wins_and_the_others_hear_of_it()
    {
        using var person = await fixture.SignUpAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: $"1.{i % 3}")), "1.0.0")));

        var winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.All(answers.Where(answer => answer.Status == HttpStatusCode.OK), answer => Assert.Equal(Text(winner.Body, "digest"), Text(answer.Body, "digest")));
        Assert.All(answers.Where(answer => answer.Status == HttpStatusCode.Conflict), answer => Assert.Equal(Text(winner.Body, "digest"), Text(answer.Body, "published")));
        Assert.Equal((1, 3, 8), (1, answers.Count(answer => answer.Status == HttpStatusCode.OK), answers.Count(answer => answer.Status == HttpStatusCode.Conflict)));
    }

    [Fact]
    public async Task Without_a_version_the_next_patch_is_derived_and_the_same_content_is_no_new_version()
    {
        using var person = await fixture.SignUpAsync();
        async Task<string> Next(string tag) => Text((await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: tag)), null)).Body, "version");

        Assert.Equal("1.0.0", await Next("1.0"));
        Assert.Equal("1.0.0", await Next("1.0"));
        Assert.Equal("1.0.1", await Next("1.1"));
        await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: "2.0")), "2.0.0-rc.1");
        Assert.Equal("2.0.0", await Next("2.1"));
        // The newest has other content, so going back is a new version.
        Assert.Equal("2.0.1", await Next("1.0"));
    }

    [Fact]
    public async Task Derived_versions_of_publishers_at_once_are_all_different()
    {
        using var person = await fixture.SignUpAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: $"1.{i}")), null)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal(8, answers.Select(answer => Text(answer.Body, "version")).Distinct().Count());
    }

    [Fact]
    public async Task A_pre_release_is_the_latest_only_while_there_is_no_release()
    {
        using var person = await fixture.SignUpAsync();
        async Task<string> LatestAfter(string version, string tag)
        {
            await PublishAsync(person, Sample.Yaml(Sample.Manifest(tag: tag)), version);
            var app = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs/{person.Slug}/apps/wiki-app");
            return Text(app.GetProperty("latest"), "version");
        }

        Assert.Equal("2.0.0-rc.1", await LatestAfter("2.0.0-rc.1", "1"));
        Assert.Equal("2.0.0-rc.10", await LatestAfter("2.0.0-rc.10", "2"));
        Assert.Equal("1.0.0", await LatestAfter("1.0.0", "3"));
        Assert.Equal("1.0.0", await LatestAfter("3.0.0-alpha", "4"));
        Assert.Equal("1.10.0", await LatestAfter("1.10.0", "5"));
        Assert.Equal("1.10.0", await LatestAfter("1.9.0", "6"));
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("v1.0.0")]
    [InlineData("01.0.0")]
    [InlineData("latest")]
    public async Task What_is_no_version_is_refused(string version)
    {
        using var person = await fixture.SignUpAsync();
        var (status, problem) = await PublishAsync(person, Sample.Yaml(Sample.Manifest()), version);
        Assert.Equal((HttpStatusCode.BadRequest, "version.invalid"), (status, Text(problem, "code")));
    }

    [Fact]
    public async Task An_invalid_manifest_is_refused_with_the_place_of_every_mistake()
    {
        using var person = await fixture.SignUpAsync();

        var (status, problem) = await PublishAsync(person, Sample.Yaml(Sample.Manifest().Replace("editions:", "edition:", StringComparison.Ordinal)), "1.0.0");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "manifest.invalid"), (status, Text(problem, "code")));
        var unknown = Assert.Single(problem.GetProperty("diagnostics").EnumerateArray(), found => Text(found, "code") == "manifest.unknown_key");
        Assert.Equal(("error", "c6o.yaml", 6, 1, "edition"), (Text(unknown, "severity"), Text(unknown, "file"), unknown.GetProperty("line").GetInt32(), unknown.GetProperty("column").GetInt32(), Text(unknown, "path")));
        Assert.Contains("editions", Text(unknown, "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_application_of_a_file_is_published_under_its_own_name()
    {
        using var person = await fixture.SignUpAsync();
        var both = Sample.Manifest("first-app") + "\n---\n" + Sample.Manifest("second-app");

        var (status, published) = await PublishAsync(person, Sample.Yaml(both), "1.0.0", "second-app");
        var (refused, problem) = await PublishAsync(person, Sample.Yaml(both), "1.0.0", "third-app");

        Assert.Equal((HttpStatusCode.Created, "second-app"), (status, Text(published, "app")));
        Assert.Equal(["first-app", "second-app"], published.GetProperty("applications").EnumerateArray().Select(app => app.GetString()));
        Assert.Contains(published.GetProperty("warnings").EnumerateArray(), warning => Text(warning, "code") == "manifest.other_application");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "app.mismatch"), (refused, Text(problem, "code")));
        Assert.Equal(HttpStatusCode.NotFound, (await person.Client.GetAsync($"/v1/orgs/{person.Slug}/apps/first-app")).StatusCode);
    }

    [Fact]
    public async Task A_manifest_comes_with_its_editions_texts_and_icon()
    {
        using var person = await fixture.SignUpAsync();
        var manifest = Sample.Manifest(icon: "art/icon.svg").Replace("summary: Pages for a team.", "summary: ./summary.md", StringComparison.Ordinal)
            + "\n  - edition-extra.yaml\n";
        const string edition = "name: extra\nstatus: private\nspec:\n  provisioner:\n    package: '@provisioner/appengine'\n    image: example/extra\n";

        var (status, published) = await PublishAsync(person, Sample.Form(manifest, ("edition-extra.yaml", edition), ("art/icon.svg", Sample.Svg), ("summary.md", "**Pages** from a file.")), "1.0.0");

        Assert.True(status == HttpStatusCode.Created, published.ToString());
        var app = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs/{person.Slug}/apps/wiki-app");
        Assert.Equal("**Pages** from a file.", Text(app, "summary"));
        using var anonymous = fixture.Hub.CreateClient();
        using var icon = await anonymous.GetAsync(Text(app, "icon"));
        Assert.Equal((HttpStatusCode.OK, "image/svg+xml", Sample.Svg), (icon.StatusCode, icon.Content.Headers.ContentType?.MediaType, await icon.Content.ReadAsStringAsync()));
        Assert.Contains("sandbox", icon.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", icon.Headers.GetValues("X-Content-Type-Options").Single());
        var version = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/apps/{person.Slug}/wiki-app/versions/1.0.0");
        Assert.Equal(["extra", "stable"], version.GetProperty("manifest").GetProperty("editions").EnumerateArray().Select(one => Text(one, "name")).Order());
    }

    [Fact]
    public async Task An_active_icon_is_refused_with_its_place()
    {
        using var person = await fixture.SignUpAsync();
        var (status, problem) = await PublishAsync(person, Sample.Form(Sample.Manifest(icon: "icon.svg"), ("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\">\n  <script>alert(1)</script></svg>")), "1.0.0");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "manifest.invalid"), (status, Text(problem, "code")));
        var found = Assert.Single(problem.GetProperty("diagnostics").EnumerateArray(), found => Text(found, "code") == "artwork.active");
        Assert.Equal(("icon.svg", 2, "icon"), (Text(found, "file"), found.GetProperty("line").GetInt32(), Text(found, "path")));
    }

    [Fact]
    public async Task A_program_named_like_an_image_is_refused()
    {
        using var person = await fixture.SignUpAsync();
        var (status, _) = await PublishAsync(person, Sample.Form(Sample.Manifest(icon: "icon.png"), ("icon.png", "MZ\u0001 not an image")), "1.0.0");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
    }

    [Fact]
    public async Task A_body_of_more_than_5_MiB_is_refused()
    {
        using var person = await fixture.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/orgs/{person.Slug}/apps/wiki-app/versions")
        {
            Content = Sample.Part(new byte[(5 << 20) + 1], "application/yaml"),
            Headers = { ExpectContinue = true }, // so that the refusal is read before the connection breaks
        };
        using var response = await person.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (response.StatusCode, Text(await response.Content.ReadFromJsonAsync<JsonElement>(), "code")));
    }

    [Theory]
    [InlineData("application/json", "media_type_not_supported")]
    [InlineData("text/plain", "media_type_not_supported")]
    [InlineData("multipart/form-data", "publish.media_type")]
    public async Task Other_media_types_are_refused(string mediaType, string code)
    {
        using var person = await fixture.SignUpAsync();
        var (status, problem) = await PublishAsync(person, Sample.Part(Encoding.UTF8.GetBytes(Sample.Manifest()), mediaType), "1.0.0");
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, code), (status, Text(problem, "code")));
    }

    [Fact]
    public async Task Malformed_forms_are_refused()
    {
        using var person = await fixture.SignUpAsync();
        var twoManifests = Sample.Form(Sample.Manifest(), ("a.md", "x"));
        twoManifests.Add(Sample.Yaml(Sample.Manifest()), "manifest", "c6o.yaml");
        var nameless = Sample.Form(Sample.Manifest(), ("a.md", "x"));
        nameless.Add(new StringContent("x"), "other");
        var tooMany = Sample.Form(Sample.Manifest(), [.. Enumerable.Range(0, 81).Select(i => ($"f{i}.md", "x"))]);
        var cutOff = Sample.Part(Encoding.UTF8.GetBytes("--b\r\nContent-Disposition: form-data; name=\"manifest\"\r\n\r\nappId: x"), "multipart/form-data");
        cutOff.Headers.ContentType!.Parameters.Add(new("boundary", "b"));

        foreach (var body in new HttpContent[] { twoManifests, nameless, tooMany, cutOff, Sample.Form(Sample.Manifest(), ("a.md", "x"), ("a.md", "y")), new MultipartFormDataContent { { new StringContent("x"), "file", "a.md" } } })
        {
            var (status, problem) = await PublishAsync(person, body, "1.0.0");
            Assert.True((status, Text(problem, "code")) == (HttpStatusCode.BadRequest, "publish.form"), problem.ToString());
        }
    }

    [Fact]
    public async Task Files_never_come_from_outside_what_was_sent()
    {
        using var person = await fixture.SignUpAsync();
        foreach (var path in new[] { "../edition-x.yaml", "/etc/passwd", "..\\x.yaml", "a/../../x.yaml" })
        {
            var (status, _) = await PublishAsync(person, Sample.Form(Sample.Manifest() + $"\n  - '{path}'\n", (path, "name: x\nspec: {}\n")), "1.0.0");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PublishAsync(TestPerson person, HttpContent body, string? version, string app = "wiki-app")
    {
        var query = version is null ? "" : "?version=" + Uri.EscapeDataString(version);
        using var response = await person.Client.PostAsync($"/v1/orgs/{person.Slug}/apps/{app}/versions{query}", body);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";
}
