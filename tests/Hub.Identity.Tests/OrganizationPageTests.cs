using System.Net;
using System.Text.RegularExpressions;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The organizations' pages, as a browser without scripts meets them.</summary>
public sealed partial class OrganizationPageTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    private static readonly string[] Pages = ["", "/members", "/invitations", "/domains", "/provisioning", "/policy", "/sso", "/keys", "/keys/new", "/audit"];

    [Fact]
    public async Task Whoever_is_not_signed_in_is_led_to_the_sign_in_and_back()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = new Browser(fixture.Hub.Address);
        foreach (var page in Pages)
        {
            var response = await browser.GetAsync($"/organizations/{owner.Slug}{page}");
            Assert.Equal($"/signin?returnUrl={Uri.EscapeDataString($"/organizations/{owner.Slug}{page}")}", response.Headers.Location?.ToString());
        }

        var (last, _) = await browser.SignInAsync(owner.Email, TestPerson.Password, $"/signin?returnUrl={Uri.EscapeDataString($"/organizations/{owner.Slug}/audit")}");

        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        Assert.Contains("organization.created", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task I19_Strangers_find_what_they_find_of_an_organization_that_never_was()
    {
        using var owner = await fixture.SignUpAsync();
        using var stranger = await BrowserOfAsync(await fixture.SignUpAsync());
        foreach (var page in Pages)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/organizations/{owner.Slug}{page}")).StatusCode);
            var foreign = stranger.Page;
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/organizations/never-existed{page}")).StatusCode);
            Assert.Equal(stranger.Page, foreign);
        }
    }

    [Fact]
    public async Task A_viewer_sees_what_a_viewer_may_and_changes_nothing()
    {
        using var owner = await fixture.SignUpAsync();
        using var viewer = await fixture.MemberAsync(owner, "viewer");
        using var browser = await BrowserOfAsync(viewer);

        await browser.GetAsync($"/organizations/{owner.Slug}");
        Assert.Equal(["Overview", "Members", "Domains", "Policy"], Tab().Matches(browser.Page).Select(match => match.Groups["title"].Value));
        Assert.DoesNotContain("Rename", browser.Page, StringComparison.Ordinal);
        foreach (var (page, act) in new[] { ("", "rename"), ("", "end"), ("", "transfer"), ("/members", "remove"), ("/domains", "claim"), ("/policy", ""), ("/provisioning", "") })
        {
            await browser.GetAsync($"/organizations/{owner.Slug}");
            var refused = await browser.SubmitToAsync($"/organizations/{owner.Slug}{page}", ("act", act), ("name", "x.example"), ("member", owner.UserId.ToString()), ("requireMfa", "true"), ("confirm", owner.Slug));
            Assert.True(refused.StatusCode == HttpStatusCode.Forbidden, $"{page} {act}: {(int)refused.StatusCode}");
        }
        foreach (var page in new[] { "/invitations", "/provisioning", "/sso", "/audit", "/audit?handler=export" })
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync($"/organizations/{owner.Slug}{page}")).StatusCode);
    }

    [Fact]
    public async Task An_owner_renames_changes_and_removes_by_forms()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        using var browser = await BrowserOfAsync(owner);

        await browser.GetAsync($"/organizations/{owner.Slug}");
        await browser.FollowAsync(await browser.SubmitAsync(("act", "rename"), ("name", "<b>Bold</b> & Söhne")));
        Assert.Contains("&lt;b&gt;Bold&lt;/b&gt; &amp; ", browser.Page, StringComparison.Ordinal);
        Assert.Contains("new name", browser.Page, StringComparison.Ordinal);

        await browser.GetAsync($"/organizations/{owner.Slug}/members");
        await browser.FollowAsync(await browser.SubmitAsync(("act", "change"), ("member", member.UserId.ToString()), ("role", "Admin")));
        Assert.Equal("admin", (await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync()).Text("role"));

        var refused = await browser.SubmitAsync(("act", "remove"), ("member", owner.UserId.ToString()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("role=\"alert\"", browser.Page, StringComparison.Ordinal);

        await browser.FollowAsync(await browser.SubmitAsync(("act", "remove"), ("member", member.UserId.ToString())));
        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task O03_Pages_too_ask_for_a_proof_of_the_last_minutes_before_they_make_or_unmake_an_owner()
    {
        using var owner = await fixture.SignUpAsync();
        using var second = await fixture.MemberAsync(owner, "owner");
        using var member = await fixture.MemberAsync(owner, "viewer");
        using var browser = await BrowserOfAsync(owner);
        await fixture.ExecuteAsync("update identity.sessions set proved_at = now() - interval '11 minutes' where user_id = $1", owner.UserId);

        foreach (var (page, fields) in new (string, (string, string)[])[]
        {
            ("members", [("act", "change"), ("member", member.UserId.ToString()), ("role", "Owner")]),
            ("members", [("act", "change"), ("member", second.UserId.ToString()), ("role", "Admin")]),
            ("members", [("act", "remove"), ("member", second.UserId.ToString())]),
            ("invitations", [("act", "send"), ("email", "somebody@example.com"), ("role", "Owner")]),
        })
        {
            await browser.GetAsync($"/organizations/{owner.Slug}/{page}");
            Assert.Equal($"/reauthenticate?returnUrl={Uri.EscapeDataString($"/organizations/{owner.Slug}/{page}")}", (await browser.SubmitAsync(fields)).Headers.Location?.ToString());
        }
        await browser.GetAsync($"/organizations/{owner.Slug}/members");
        await browser.FollowAsync(await browser.SubmitAsync(("act", "change"), ("member", member.UserId.ToString()), ("role", "Admin")));
        Assert.Contains("has the role", browser.Page, StringComparison.Ordinal);
        await browser.GetAsync($"/reauthenticate?returnUrl={Uri.EscapeDataString($"/organizations/{owner.Slug}/members")}");
        await browser.FollowAsync(await browser.SubmitAsync(("password", TestPerson.Password)));
        await browser.FollowAsync(await browser.SubmitAsync(("act", "change"), ("member", member.UserId.ToString()), ("role", "Owner")));

        Assert.Equal("owner", (await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync()).Text("role"));
    }

    [Fact]
    public async Task Of_two_who_end_an_organization_on_its_page_at_once_one_does_and_the_other_finds_it_ended()
    {
        using var owner = await fixture.SignUpAsync();
        using var one = await BrowserOfAsync(owner);
        using var two = await BrowserOfAsync(owner);
        foreach (var browser in new[] { one, two })
            await browser.GetAsync($"/organizations/{owner.Slug}");

        var answers = await fixture.RaceAsync($"organization-end:{owner.OrganizationId}", () => EndAsync(one), () => EndAsync(two));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.SeeOther, "/"), (answer.StatusCode, answer.Headers.Location?.ToString())));
        Assert.Equal(1L, await fixture.QueryAsync<long>("select count(*) from identity.audit_events where organization_id = $1 and action = 'organization.ended'", owner.OrganizationId));

        Task<HttpResponseMessage> EndAsync(Browser browser) => browser.SubmitAsync(("act", "end"), ("confirm", owner.Slug));
    }

    [Fact]
    public async Task An_invitation_is_sent_opened_and_accepted_by_pages_alone()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await fixture.SignUpAsync();
        await fixture.ConfirmAsync(person);
        using var inviter = await BrowserOfAsync(owner);
        await inviter.GetAsync($"/organizations/{owner.Slug}/invitations");
        await inviter.FollowAsync(await inviter.SubmitAsync(("act", "send"), ("email", person.Email), ("role", "Developer")));
        Assert.Contains("on its way", inviter.Page, StringComparison.Ordinal);
        var link = (await fixture.Mail.WaitForAsync(person.Email, "Join")).Link;

        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync(link);
        Assert.Contains(person.Email, browser.Page, StringComparison.Ordinal);
        await browser.SignInAsync(person.Email, TestPerson.Password, WebUtility.HtmlDecode(SignIn().Match(browser.Page).Groups["address"].Value));
        Assert.Contains("Join</button>", browser.Page, StringComparison.Ordinal);
        await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found"); // opening it joined nobody
        var (last, _) = await browser.FollowAsync(await browser.SubmitAsync());

        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        Assert.Equal("developer", (await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync()).Text("role"));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(link)).StatusCode);
        Assert.Contains("accepted already", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task O02_An_invitation_opened_by_another_account_is_not_theirs_to_accept()
    {
        using var owner = await fixture.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        await fixture.ConfirmAsync(other);
        using var inviter = await BrowserOfAsync(owner);
        var email = $"{Guid.CreateVersion7():N}@example.com";
        await inviter.GetAsync($"/organizations/{owner.Slug}/invitations");
        await inviter.SubmitAsync(("act", "send"), ("email", email), ("role", "Viewer"));
        var link = (await fixture.Mail.WaitForAsync(email, "Join")).Link;
        using var browser = await BrowserOfAsync(other);

        await browser.GetAsync(link);
        Assert.DoesNotContain("Join</button>", browser.Page, StringComparison.Ordinal);
        await browser.GetAsync("/signout"); // for a form's token
        var refused = await browser.SubmitToAsync(link);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(link)).StatusCode); // without the form's token
        await other.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("/invitations/short")]
    [InlineData("/invitations/<script>alert(1)</script>")]
    public async Task What_is_no_invitation_is_refused_in_words(string address)
    {
        using var browser = new Browser(fixture.Hub.Address);

        var response = await browser.GetAsync(address);

        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
        Assert.DoesNotContain("<script>alert", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_is_claimed_shown_and_opened_to_joining_by_forms()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = await BrowserOfAsync(owner);
        await browser.GetAsync($"/organizations/{owner.Slug}/domains");
        await browser.FollowAsync(await browser.SubmitAsync(("act", "claim"), ("name", "Pages.Example")));
        var text = RecordText().Match(browser.Page).Value;
        var missing = await browser.SubmitAsync(("act", "verify"), ("name", "pages.example"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, missing.StatusCode);
        fixture.Dns.Texts["_codezero-challenge.pages.example"] = [text];

        await browser.FollowAsync(await browser.SubmitAsync(("act", "verify"), ("name", "pages.example")));
        await browser.FollowAsync(await browser.SubmitAsync(("act", "join"), ("name", "pages.example"), ("joinRole", "Developer")));

        Assert.Equal("developer", (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/domains/pages.example").JsonAsync()).Text("joinRole"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("act", "join"), ("name", "pages.example"), ("joinRole", "Owner"))).StatusCode);
        await browser.FollowAsync(await browser.SubmitAsync(("act", "remove"), ("name", "pages.example")));
        await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/domains/pages.example").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task The_log_is_found_in_exported_and_checked_on_its_page()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = await BrowserOfAsync(owner);
        await fixture.ExecuteAsync("""
            insert into identity.audit_events (organization_id, sequence, occurred_at, actor_kind, action, target_type, target_id, target_name, previous_hash, hash)
            select $1, number, now(), 'system', 'thing.changed', 'thing', number::text, '<script>' || number, sha256('x'), sha256('x') from generate_series(2, 120) number
            """, owner.OrganizationId);

        await browser.GetAsync($"/organizations/{owner.Slug}/audit?action=thing.*");
        Assert.Contains("&lt;script&gt;120", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", browser.Page, StringComparison.Ordinal);
        await browser.GetAsync(WebUtility.HtmlDecode(Older().Match(browser.Page).Groups["address"].Value));
        Assert.Contains("&lt;script&gt;70", browser.Page, StringComparison.Ordinal);
        await browser.GetAsync($"/organizations/{owner.Slug}/audit?handler=verify");
        Assert.Contains("Entry 2 does not continue", browser.Page, StringComparison.Ordinal);
        using var export = await browser.GetAsync($"/organizations/{owner.Slug}/audit?handler=export&action=thing.changed");
        Assert.Equal(119, (await export.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("attachment", export.Content.Headers.ContentDisposition?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_too_ask_for_a_second_factor_where_the_organization_does()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "admin");
        using var browser = await BrowserOfAsync(member);
        await fixture.ExecuteAsync("update identity.organizations set mfa_required_since = now() where organization_id = $1", owner.OrganizationId);

        foreach (var page in Pages)
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync($"/organizations/{owner.Slug}{page}")).StatusCode);
        Assert.Contains("second factor", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_organization_is_made_and_ended_by_forms()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = await BrowserOfAsync(owner);
        var slug = $"made-{Guid.CreateVersion7().ToString("N")[^8..]}";
        await browser.GetAsync("/organizations");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("name", "Made"), ("slug", "No Slug"))).StatusCode);
        await browser.FollowAsync(await browser.SubmitAsync(("name", "Made"), ("slug", slug)));
        Assert.Equal($"/organizations/{slug}", new Uri(fixture.Hub.Address, browser.Location).AbsolutePath);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("act", "end"), ("confirm", "another"))).StatusCode);
        await browser.FollowAsync(await browser.SubmitAsync(("act", "end"), ("confirm", slug)));

        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"/organizations/{slug}")).StatusCode);
    }

    private async Task<Browser> BrowserOfAsync(TestPerson person)
    {
        var browser = new Browser(fixture.Hub.Address);
        await browser.SignInAsync(person.Email, TestPerson.Password);
        return browser;
    }

    [GeneratedRegex("""<a href="/organizations/[^"]*"[^>]*>(?<title>[^<]+)</a>""")]
    private static partial Regex Tab();

    [GeneratedRegex("""href="(?<address>/signin\?[^"]+)"[^>]*>Sign in</a>""")]
    private static partial Regex SignIn();

    [GeneratedRegex("""href="(?<address>[^"]+)"[^>]*>Older entries</a>""")]
    private static partial Regex Older();

    [GeneratedRegex("codezero-domain-verification=[A-Za-z0-9_-]{43}")]
    private static partial Regex RecordText();
}
