using System.Net;
using System.Net.Http.Json;
using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Name, policy and end of an organization.</summary>
public sealed class OrganizationSettingsTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    [Fact]
    public async Task The_name_changes_and_the_slug_stays()
    {
        using var owner = await fixture.SignUpAsync();

        var renamed = await owner.Client.ChangeAsync(HttpMethod.Patch, $"/v1/orgs/{owner.Slug}", new { name = "  Another & name " }).JsonAsync();

        Assert.Equal(("Another & name", owner.Slug), (renamed.Text("name"), renamed.Text("slug")));
        await owner.Client.ChangeAsync(HttpMethod.Patch, $"/v1/orgs/{owner.Slug}", new { name = "two\nlines" }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
        await owner.Client.PatchAsJsonAsync($"/v1/orgs/{owner.Slug}", new { name = "Unread" }).RefusedAsync(HttpStatusCode.PreconditionRequired, "precondition_required");
    }

    [Fact]
    public async Task Of_two_who_rename_at_once_one_is_told_to_read_again()
    {
        using var owner = await fixture.SignUpAsync();
        using var now = await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, $"/v1/orgs/{owner.Slug}") { Content = JsonContent.Create(new { name = $"Name {i}" }), Headers = { IfMatch = { now.Headers.ETag! } } };
            return (await owner.Client.SendAsync(request)).StatusCode;
        }));

        Assert.Single(answers, HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Where_a_second_factor_is_asked_for_members_without_one_are_told_what_to_do()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "admin");
        var policy = $"/v1/orgs/{owner.Slug}/policy";
        await fixture.SignInWithTwoFactorsAsync(owner);
        await owner.Client.ChangeAsync(HttpMethod.Put, policy, new { requireMfa = true }).JsonAsync();

        var refused = await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Forbidden, "organization.mfa_required");

        Assert.Equal(new Uri(fixture.Hub.Address, "/account/security").AbsoluteUri, refused.Text("setUp"));
        await member.Client.GetAsync($"/v1/orgs/{member.Slug}").JsonAsync(); // their own organization asks for nothing
        await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
        await fixture.SignInWithTwoFactorsAsync(member);
        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
        await owner.Client.ChangeAsync(HttpMethod.Put, policy, new { requireMfa = false }).JsonAsync();
    }

    [Fact]
    public async Task Who_has_no_second_factor_can_not_ask_it_of_others()
    {
        using var owner = await fixture.SignUpAsync();

        await owner.Client.ChangeAsync(HttpMethod.Put, $"/v1/orgs/{owner.Slug}/policy", new { requireMfa = true }).RefusedAsync(HttpStatusCode.Conflict, "policy.own_sign_in");

        Assert.False((await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/policy").JsonAsync()).GetProperty("requireMfa").GetBoolean());
    }

    [Fact]
    public async Task Who_has_no_second_factor_can_still_leave()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "developer");
        await fixture.SignInWithTwoFactorsAsync(owner);
        await owner.Client.ChangeAsync(HttpMethod.Put, $"/v1/orgs/{owner.Slug}/policy", new { requireMfa = true }).JsonAsync();

        await member.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/membership").JsonAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Owners_have_a_week_to_set_theirs_up()
    {
        var since = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(since + TimeSpan.FromDays(7), Organization.MfaRequiredFrom(since, Contracts.OrganizationRole.Owner));
        Assert.Equal(since, Organization.MfaRequiredFrom(since, Contracts.OrganizationRole.Admin));
        Assert.Null(Organization.MfaRequiredFrom(null, Contracts.OrganizationRole.Viewer));

        using var owner = await fixture.SignUpAsync();
        using var second = await fixture.MemberAsync(owner, "owner");
        await fixture.SignInWithTwoFactorsAsync(owner);
        await owner.Client.ChangeAsync(HttpMethod.Put, $"/v1/orgs/{owner.Slug}/policy", new { requireMfa = true }).JsonAsync();
        await second.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
        await fixture.ExecuteAsync("update identity.organizations set mfa_required_since = mfa_required_since - interval '8 days' where organization_id = $1", owner.OrganizationId);
        await second.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Forbidden, "organization.mfa_required");
    }

    [Fact]
    public async Task An_organization_ends_when_nothing_stands_in_the_way_and_its_slug_is_never_given_again()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        await owner.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clusters", new { name = "prod" }).JsonAsync(HttpStatusCode.Created);
        await admin.Client.DeleteAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");

        var refused = await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Conflict, "organization.in_use");
        Assert.Contains("prod", refused.Text("detail"), StringComparison.Ordinal);
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/clusters/prod").JsonAsync(HttpStatusCode.NoContent);
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}").JsonAsync(HttpStatusCode.NoContent);

        foreach (var former in new[] { owner, admin })
            await former.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await admin.Client.PostAsJsonAsync("/v1/orgs", new { name = "Taker", slug = owner.Slug }).RefusedAsync(HttpStatusCode.Conflict, "organization.slug_taken");
    }

    [Fact]
    public async Task Of_ten_who_end_an_organization_at_once_one_does_and_the_others_find_nothing()
    {
        using var owner = await fixture.SignUpAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}")));

        Assert.Equal(HttpStatusCode.NoContent, Assert.Single(answers, answer => answer.IsSuccessStatusCode).StatusCode);
        Assert.All(answers.Where(answer => !answer.IsSuccessStatusCode), answer => Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode));
    }

    [Fact]
    public async Task An_organization_with_a_public_application_does_not_end()
    {
        using var owner = await fixture.SignUpAsync();
        const string manifest = """
            name: Wiki
            appId: wiki-app
            package: '@provisioner/appengine'
            editions:
              - name: stable
                status: public
                spec:
                  provisioner:
                    image: example/wiki
                    tag: "1.0"
                    ports: 8080
            """;
        await owner.Client.PostAsync($"/v1/orgs/{owner.Slug}/apps/wiki-app/versions", new StringContent(manifest, System.Text.Encoding.UTF8, "application/yaml")).JsonAsync(HttpStatusCode.Created);
        await owner.Client.ChangeAsync(HttpMethod.Put, $"/v1/orgs/{owner.Slug}/apps/wiki-app/visibility", new { visibility = "public" }, $"/v1/orgs/{owner.Slug}/apps/wiki-app").JsonAsync();

        var refused = await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Conflict, "organization.in_use");

        Assert.Contains("wiki", refused.Text("detail"), StringComparison.Ordinal);
    }
}
