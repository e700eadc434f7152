using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Accounts and organizations over the API.</summary>
public sealed class AccountTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task A_person_who_signed_up_owns_an_organization_and_is_known_to_the_api()
    {
        using var person = await fixture.SignUpAsync("Müller & Söhne GmbH");

        var me = await person.Client.GetFromJsonAsync<JsonElement>("/v1/me");

        Assert.Equal(person.UserId, me.GetProperty("id").GetGuid());
        Assert.Equal(person.Email, me.GetProperty("email").GetString());
        var organization = Assert.Single(me.GetProperty("organizations").EnumerateArray());
        Assert.Equal(("muller-sohne-gmbh", "Müller & Söhne GmbH", "owner"), (organization.GetProperty("slug").GetString(), organization.GetProperty("name").GetString(), organization.GetProperty("role").GetString()));
    }

    [Fact]
    public async Task Me_says_how_the_account_is_guarded_and_takes_a_name()
    {
        using var person = await fixture.SignUpAsync();

        var before = await person.Client.GetFromJsonAsync<JsonElement>("/v1/me");
        var changed = await person.Client.PatchAsJsonAsync("/v1/me", new { name = " Zoë Müller " });
        var me = await person.Client.GetFromJsonAsync<JsonElement>("/v1/me");

        Assert.Equal((JsonValueKind.Null, true), (before.GetProperty("name").ValueKind, before.GetProperty("emailConfirmed").GetBoolean()));
        Assert.Equal("""{"password":true,"authenticator":false,"recoveryCodesLeft":0,"passkeys":0}""", before.GetProperty("security").GetRawText());
        Assert.Equal(me.GetRawText(), await changed.Content.ReadAsStringAsync());
        Assert.Equal("Zoë Müller", me.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("two\nlines")]
    [InlineData("nul\0")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        using var person = await fixture.SignUpAsync();

        var response = await person.Client.PatchAsJsonAsync("/v1/me", new { name });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty("name", out _));
    }

    [Fact]
    public async Task Fifty_organizations_of_one_name_get_slugs_of_their_own()
    {
        using var person = await fixture.SignUpAsync();
        var name = $"Popular {Guid.CreateVersion7().ToString("N")[^6..]}";

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => person.Client.PostAsJsonAsync("/v1/orgs", new { name })));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        var slugs = await Task.WhenAll(responses.Select(async response => (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("slug").GetString()));
        Assert.Equal(50, slugs.Distinct().Count());
        Assert.Contains(name.ToLowerInvariant().Replace(' ', '-'), slugs);
    }

    /// <summary>The Hub dies between the commit and the keeping of its answer, and the caller, who got none, asks again.</summary>
    [Fact]
    public async Task A_repetition_after_a_crash_creates_no_second_organization()
    {
        using var person = await fixture.SignUpAsync();
        var key = Guid.CreateVersion7().ToString();
        await using var database = NpgsqlDataSource.Create(fixture.Database.Superuser);
        await ExecuteAsync("""
            create function public.crash() returns trigger language plpgsql as $$ begin raise exception 'The answer is not kept.'; end $$;
            create trigger crash before update of answer on platform.idempotency for each row when (new.answer is not null) execute function public.crash()
            """);
        Assert.Equal(HttpStatusCode.InternalServerError, (await CreateAsync()).StatusCode);
        await ExecuteAsync("drop function public.crash() cascade; update platform.idempotency set locked_until = now() - interval '1 second'");

        using var again = await CreateAsync();

        Assert.Equal("idempotency.answer_lost", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        var organizations = (await person.Client.GetFromJsonAsync<JsonElement>("/v1/orgs")).GetProperty("items").EnumerateArray();
        Assert.Single(organizations, organization => organization.GetProperty("name").GetString() == "Once");

        Task<HttpResponseMessage> CreateAsync() => person.Client.SendAsync(new(HttpMethod.Post, "/v1/orgs") { Content = JsonContent.Create(new { name = "Once" }), Headers = { { "Idempotency-Key", key } } });

        async Task ExecuteAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task An_organization_is_created_read_and_listed_by_its_owner()
    {
        using var person = await fixture.SignUpAsync();
        var slug = $"mine-{Guid.CreateVersion7().ToString("N")[^8..]}";

        var created = await person.Client.PostAsJsonAsync("/v1/orgs", new { name = "Mine", slug });
        Assert.Equal((HttpStatusCode.Created, $"/v1/orgs/{slug}"), (created.StatusCode, created.Headers.Location?.ToString()));
        var again = await person.Client.PostAsJsonAsync("/v1/orgs", new { name = "Mine", slug });
        Assert.Equal("organization.slug_taken", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());

        var bySlug = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs/{slug}");
        var byId = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs/{bySlug.GetProperty("id").GetGuid()}");
        Assert.Equal(bySlug.GetRawText(), byId.GetRawText());
        Assert.Equal(("Mine", "owner"), (bySlug.GetProperty("name").GetString(), bySlug.GetProperty("role").GetString()));
        var first = await person.Client.GetFromJsonAsync<JsonElement>("/v1/orgs?limit=1");
        var second = await person.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs?limit=1&cursor={first.GetProperty("next").GetString()}");
        Assert.Equal([person.Slug, slug], new[] { first, second }.Select(page => Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("slug").GetString()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("Ab")]
    [InlineData("a--b")]
    [InlineData("-ab")]
    [InlineData("ab-")]
    [InlineData("a")]
    [InlineData("1ab")]
    [InlineData("admin")]
    [InlineData("abcdef12-abcd-abcd-abcd-abcdef123456")]
    [InlineData("a/../b")]
    [InlineData("line-end\n")] // in .NET "$" also stands before a last line end; the table refused what the rule had let by, with a 500
    public async Task A_wrong_slug_is_refused_with_the_rule(string slug)
    {
        using var person = await fixture.SignUpAsync();

        var response = await person.Client.PostAsJsonAsync("/v1/orgs", new { name = "Name", slug });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty("slug", out _));
    }

    [Fact]
    public async Task Members_are_listed_to_members_and_the_organization_does_not_exist_for_others()
    {
        using var owner = await fixture.SignUpAsync();
        using var viewer = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        await fixture.JoinAsync(viewer, owner.OrganizationId, "viewer");

        var members = (await viewer.Client.GetFromJsonAsync<JsonElement>($"/v1/orgs/{owner.Slug}/members")).GetProperty("items").EnumerateArray();

        Assert.Equal([(owner.Email, "owner"), (viewer.Email, "viewer")], members.Select(member => (member.GetProperty("email").GetString()!, member.GetProperty("role").GetString()!)).OrderBy(member => member.Item2));
        foreach (var path in new[] { owner.Slug, owner.OrganizationId.ToString(), "never-existed", Guid.CreateVersion7().ToString(), "%20", new string('a', 500) })
            foreach (var rest in new[] { "", "/members" })
                Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.GetAsync($"/v1/orgs/{path}{rest}")).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/me")]
    [InlineData("PATCH", "/v1/me")]
    [InlineData("GET", "/v1/orgs")]
    [InlineData("POST", "/v1/orgs")]
    [InlineData("GET", "/v1/orgs/any")]
    [InlineData("GET", "/v1/orgs/any/members")]
    public async Task Nobody_signed_in_is_refused(string method, string path)
    {
        using var client = fixture.Hub.CreateClient();
        using var request = new HttpRequestMessage(new(method), path) { Content = method == "POST" ? JsonContent.Create(new { name = "x" }) : null };

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task I18_A_bound_token_is_no_bearer_token()
    {
        using var person = await fixture.SignUpAsync();
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", person.AccessToken);

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/me")).StatusCode);
    }

    [Fact]
    public async Task Other_modules_find_memberships_slugs_and_ids()
    {
        using var person = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        var organizations = scope.ServiceProvider.GetRequiredService<IOrganizations>();
        scope.ServiceProvider.GetRequiredService<Tenant>().SignIn(person.UserId);

        Assert.Equal((person.OrganizationId, OrganizationRole.Owner), await RoleAsync(person.Slug));
        Assert.Equal((person.OrganizationId, OrganizationRole.Owner), await RoleAsync(person.OrganizationId.ToString()));
        Assert.Null(await organizations.FindMembershipAsync(person.UserId, stranger.Slug, default));
        Assert.Null(await organizations.FindMembershipAsync(stranger.UserId, stranger.Slug, default)); // not who is signed in: row-level security
        Assert.Equal(person.OrganizationId, await organizations.FindIdAsync(person.Slug, default));
        Assert.Equal(person.Slug, await organizations.FindSlugAsync(person.OrganizationId, default));
        Assert.Null(await organizations.FindIdAsync("never-existed", default));
        var all = new List<Guid>();
        await foreach (var id in organizations.AllIdsAsync(default))
            all.Add(id);
        Assert.Contains(person.OrganizationId, all);
        Assert.Contains(stranger.OrganizationId, all);
        Assert.Equal(all.Distinct(), all);

        async Task<(Guid, OrganizationRole)?> RoleAsync(string slugOrId) =>
            await organizations.FindMembershipAsync(person.UserId, slugOrId, default) is { } membership ? (membership.OrganizationId, membership.Role) : null;
    }

    [Fact]
    public async Task Without_a_person_no_membership_is_seen()
    {
        using var person = await fixture.SignUpAsync();
        await using var scope = fixture.Hub.Services.CreateAsyncScope();

        Assert.Null(await scope.ServiceProvider.GetRequiredService<IOrganizations>().FindMembershipAsync(person.UserId, person.Slug, default));
    }
}
