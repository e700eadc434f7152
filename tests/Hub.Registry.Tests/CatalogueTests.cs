using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Registry.Tests;

public sealed class CatalogueTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task A_private_application_exists_for_its_publisher_alone()
    {
        using var publisher = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        await PublishAsync(publisher, "wiki-app", "1.0.0");

        foreach (var address in new[] { "", "/versions", "/versions/1.0.0" })
        {
            var path = $"/v1/apps/{publisher.Slug}/wiki-app{address}";
            Assert.Equal(HttpStatusCode.OK, (await publisher.Client.GetAsync(path)).StatusCode);
            foreach (var client in new[] { stranger.Client, anonymous })
            {
                using var hidden = await client.GetAsync(path);
                using var absent = await client.GetAsync(path.Replace("wiki-app", "none-such", StringComparison.Ordinal));
                Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (hidden.StatusCode, absent.StatusCode));
                Assert.Equal(await BodyAsync(absent), await BodyAsync(hidden));
            }
        }
        Assert.DoesNotContain(await ListAsync(anonymous, "/v1/apps"), app => Text(app, "publisher") == publisher.Slug);
    }

    [Fact]
    public async Task A_token_that_does_not_hold_is_refused_and_not_taken_for_nobodys()
    {
        using var publisher = await fixture.SignUpAsync();
        await PublishAsync(publisher, "wiki-app", "1.0.0");
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("DPoP", publisher.AccessToken);

        using var response = await client.GetAsync($"/v1/apps/{publisher.Slug}/wiki-app");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
    }

    [Fact]
    public async Task A_public_application_is_everybodys_until_it_is_withdrawn()
    {
        using var publisher = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        await PublishAsync(publisher, "wiki-app", "1.0.0");

        Assert.Equal(HttpStatusCode.OK, await ShowAsync(publisher, "public"));
        using (var version = await anonymous.GetAsync($"/v1/apps/{publisher.Slug}/wiki-app/versions/1.0.0"))
        {
            Assert.Equal((HttpStatusCode.OK, true, TimeSpan.FromDays(1)), (version.StatusCode, version.Headers.CacheControl?.Public, version.Headers.CacheControl?.MaxAge));
            using var conditional = new HttpRequestMessage(HttpMethod.Get, version.RequestMessage!.RequestUri) { Headers = { IfNoneMatch = { version.Headers.ETag! } } };
            Assert.Equal(HttpStatusCode.NotModified, (await anonymous.SendAsync(conditional)).StatusCode);
        }
        Assert.Contains(await ListAsync(anonymous, "/v1/apps"), app => Text(app, "publisher") == publisher.Slug);

        Assert.Equal(HttpStatusCode.OK, await ShowAsync(publisher, "private"));
        Assert.Equal(HttpStatusCode.NotFound, (await anonymous.GetAsync($"/v1/apps/{publisher.Slug}/wiki-app")).StatusCode);
    }

    /// <summary>The answer under a digest was marked immutable, with the digest as its tag; and then the same content was published under a higher version.</summary>
    [Fact]
    public async Task The_answer_under_a_digest_changes_its_tag_when_a_higher_version_has_the_same_content()
    {
        using var publisher = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        await PublishAsync(publisher, "wiki-app", "1.0.0");
        await ShowAsync(publisher, "public");
        using var named = await anonymous.GetAsync($"/v1/apps/{publisher.Slug}/wiki-app/versions/1.0.0");
        var address = $"/v1/apps/{publisher.Slug}/wiki-app/versions/{Text(await named.Content.ReadFromJsonAsync<JsonElement>(), "digest")}";
        using var before = await anonymous.GetAsync(address);
        Assert.Equal((true, null), (before.Headers.CacheControl?.NoCache, before.Headers.CacheControl?.MaxAge));
        Assert.Equal(HttpStatusCode.NotModified, await IfNoneMatchAsync(before));

        await PublishAsync(publisher, "wiki-app", "1.1.0");

        Assert.Equal(HttpStatusCode.OK, await IfNoneMatchAsync(before));
        Assert.Equal("1.1.0", Text(await anonymous.GetFromJsonAsync<JsonElement>(address), "version"));
        Assert.Equal(HttpStatusCode.NotModified, await IfNoneMatchAsync(named)); // under its name it is what it was

        async Task<HttpStatusCode> IfNoneMatchAsync(HttpResponseMessage known)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, known.RequestMessage!.RequestUri) { Headers = { IfNoneMatch = { known.Headers.ETag! } } };
            using var response = await anonymous.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task What_is_kept_in_memory_is_shown_to_nobody_who_may_not_see_it()
    {
        using var publisher = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        await PublishAsync(publisher, "wiki-app", "1.0.0");
        var path = $"/v1/apps/{publisher.Slug}/wiki-app/versions/1.0.0";
        foreach (var (visibility, others) in new[] { ("private", HttpStatusCode.NotFound), ("public", HttpStatusCode.OK), ("private", HttpStatusCode.NotFound) })
        {
            await ShowAsync(publisher, visibility);
            Assert.Equal(HttpStatusCode.OK, (await publisher.Client.GetAsync(path)).StatusCode); // now at the latest it is kept
            foreach (var client in new[] { stranger.Client, anonymous })
                Assert.Equal(others, (await client.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task A_version_that_was_read_before_is_not_read_from_the_database_again()
    {
        using var publisher = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        await PublishAsync(publisher, "wiki-app", "1.0.0");
        await ShowAsync(publisher, "public");
        var path = $"/v1/apps/{publisher.Slug}/wiki-app/versions/1.0.0";
        var first = await anonymous.GetStringAsync(path);
        await using var connection = new NpgsqlConnection(fixture.Database.Superuser);
        await connection.OpenAsync();
        await using var locked = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("lock table registry.versions in access exclusive mode", connection, locked);
        await command.ExecuteNonQueryAsync();

        Assert.Equal(first, await anonymous.GetStringAsync(path));
    }

    [Fact]
    public async Task Visibility_changes_only_for_who_has_seen_the_present_state()
    {
        using var publisher = await fixture.SignUpAsync();
        await PublishAsync(publisher, "wiki-app", "1.0.0");
        var stale = await ETagAsync(publisher);

        Assert.Equal(HttpStatusCode.PreconditionRequired, await ShowAsync(publisher, "public", etag: ""));
        Assert.Equal(HttpStatusCode.OK, await ShowAsync(publisher, "public", stale));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await ShowAsync(publisher, "private", stale));
        Assert.Equal(HttpStatusCode.BadRequest, await ShowAsync(publisher, "everybody"));
        Assert.Equal(HttpStatusCode.BadRequest, await ShowAsync(publisher, null));
    }

    [Fact]
    public async Task Lists_come_in_pages_without_gaps_or_repeats()
    {
        using var publisher = await fixture.SignUpAsync();
        using var anonymous = fixture.Hub.CreateClient();
        string[] apps = ["alpha", "bravo", "bravo-two", "charlie", "delta"];
        foreach (var app in apps.Reverse())
        {
            await PublishAsync(publisher, app, "1.0.0");
            await ShowAsync(publisher, "public", app: app);
        }
        string[] versions = ["1.0.1", "1.9.0", "1.10.0", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0"];
        foreach (var version in versions)
            await PublishAsync(publisher, "alpha", version, tag: version);

        Assert.Equal(apps, (await ListAsync(publisher.Client, $"/v1/orgs/{publisher.Slug}/apps?limit=2")).Select(app => Text(app, "app")));
        Assert.Equal(apps, (await ListAsync(anonymous, "/v1/apps?limit=2")).Where(app => Text(app, "publisher") == publisher.Slug).Select(app => Text(app, "app")));
        foreach (var path in new[] { $"/v1/orgs/{publisher.Slug}/apps/alpha/versions?limit=2", $"/v1/apps/{publisher.Slug}/alpha/versions?limit=3" })
            Assert.Equal([.. versions.Reverse(), "1.0.0"], (await ListAsync(publisher.Client, path)).Select(version => Text(version, "version")));
        Assert.Equal(HttpStatusCode.BadRequest, (await anonymous.GetAsync("/v1/apps?cursor=nonsense")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await anonymous.GetAsync("/v1/apps?limit=101")).StatusCode);
    }

    [Fact]
    public async Task Another_organizations_publishing_does_not_exist()
    {
        using var publisher = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        await PublishAsync(publisher, "wiki-app", "1.0.0");

        foreach (var path in new[] { "", "/wiki-app", "/wiki-app/versions" })
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.GetAsync($"/v1/orgs/{publisher.Slug}/apps{path}")).StatusCode);
        using var attempt = await stranger.Client.PostAsync($"/v1/orgs/{publisher.Slug}/apps/wiki-app/versions?version=6.6.6", Sample.Yaml(Sample.Manifest()));
        Assert.Equal(HttpStatusCode.NotFound, attempt.StatusCode);
        using var anonymous = fixture.Hub.CreateClient();
        using var nobody = await anonymous.PostAsync($"/v1/orgs/{publisher.Slug}/apps/wiki-app/versions", Sample.Yaml(Sample.Manifest()));
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
    }

    [Fact]
    public async Task Other_modules_find_what_an_organization_may_install()
    {
        using var publisher = await fixture.SignUpAsync();
        using var customer = await fixture.SignUpAsync();
        await PublishAsync(publisher, "wiki-app", "1.0.0", "1");
        await PublishAsync(publisher, "wiki-app", "1.2.0", "2");
        await PublishAsync(publisher, "wiki-app", "2.0.0-beta", "3");
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        var catalogue = scope.ServiceProvider.GetRequiredService<ICatalogue>();
        async Task<string?> Find(TestPerson who, string? version, string app = "wiki-app") => (await catalogue.FindAsync(who.OrganizationId, publisher.Slug, app, version, default))?.Version;

        Assert.Equal(("1.2.0", "1.0.0", "2.0.0-beta"), (await Find(publisher, null), await Find(publisher, "1.0.0"), await Find(publisher, "2.0.0-beta")));
        Assert.Null(await Find(publisher, "9.9.9"));
        Assert.Null(await Find(publisher, null, "none-such"));
        Assert.Null(await Find(customer, null));
        await ShowAsync(publisher, "public");
        Assert.Equal("1.2.0", await Find(customer, null));
        var found = await catalogue.FindAsync(customer.OrganizationId, publisher.Slug, "wiki-app", "1.0.0", default);
        Assert.Equal(found!.Digest, AppManifest.Digest.Of(found.Manifest.Span).ToString());
        Assert.Null(await catalogue.FindAsync(customer.OrganizationId, "nobody-at-all", "wiki-app", null, default));
    }

    [Theory]
    [InlineData("update registry.versions set digest = digest")]
    [InlineData("update registry.versions set version = '9.9.9'")]
    [InlineData("delete from registry.versions")]
    [InlineData("update registry.artwork set media_type = 'image/png'")]
    public async Task The_database_itself_refuses_to_change_what_was_published(string sql)
    {
        using var publisher = await fixture.SignUpAsync();
        using var response = await publisher.Client.PostAsync($"/v1/orgs/{publisher.Slug}/apps/wiki-app/versions", Sample.Form(Sample.Manifest(icon: "icon.svg"), ("icon.svg", Sample.Svg)));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        await using var owner = NpgsqlDataSource.Create(fixture.Database.Superuser);
        await using var command = owner.CreateCommand(sql);
        Assert.Equal(PostgresErrorCodes.RestrictViolation, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }

    private static async Task PublishAsync(TestPerson person, string app, string version, string tag = "1.0")
    {
        using var response = await person.Client.PostAsync($"/v1/orgs/{person.Slug}/apps/{app}/versions?version={version}", Sample.Yaml(Sample.Manifest(app, tag: tag)));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<HttpStatusCode> ShowAsync(TestPerson person, string? visibility, string? etag = null, string app = "wiki-app")
    {
        etag ??= await ETagAsync(person, app);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/orgs/{person.Slug}/apps/{app}/visibility") { Content = JsonContent.Create(new { visibility }) };
        if (etag.Length > 0)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(etag));
        using var response = await person.Client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<string> ETagAsync(TestPerson person, string app = "wiki-app")
    {
        using var response = await person.Client.GetAsync($"/v1/orgs/{person.Slug}/apps/{app}");
        return response.Headers.ETag!.Tag;
    }

    private static async Task<List<JsonElement>> ListAsync(HttpClient client, string path)
    {
        var (all, start) = (new List<JsonElement>(), path);
        for (var next = (string?)start; next is not null;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>(next);
            all.AddRange(page.GetProperty("items").EnumerateArray());
            next = page.GetProperty("next").GetString() is { } cursor ? $"{start}{(start.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={cursor}" : null;
        }
        return all;
    }

    /// <summary>The body but for what differs between any two requests.</summary>
    private static async Task<string> BodyAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>();
        return string.Join(';', body!.Where(member => member.Key != "traceId").Select(member => $"{member.Key}={member.Value}"));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";
}
