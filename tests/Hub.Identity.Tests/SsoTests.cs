using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Outbound;
using CodeZero.Testing;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Signing in through an organization's own provider, and what that is good for: the organization, and nothing else.</summary>
public sealed class SsoTests(SsoFixture fixture) : IClassFixture<SsoFixture>, IAsyncLifetime
{
    private const string Scope = "scope=openid hub offline_access email";
    private static readonly string[] OwnScopes = ["openid", "email"];
    private static readonly string[] OwnGrants = ["authorization_code"];
    private static readonly string[] SpaCallback = ["https://spa.example/cb"];
    private static readonly string[] HubCallback = ["http://127.0.0.1/account/sso/callback"];

    public Task InitializeAsync()
    {
        fixture.Provider.Reset();
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Somebody_new_comes_in_as_a_member_without_a_password_and_comes_back_as_the_same()
    {
        using var acme = await fixture.OrganizationAsync();
        var person = acme.Person();
        using var browser = new Browser(fixture.Hub.Address);

        var (last, _) = await browser.FollowAsync(await acme.SignInAsync(browser, person));

        Assert.Equal((HttpStatusCode.OK, $"/organizations/{acme.Slug}"), (last.StatusCode, last.RequestMessage!.RequestUri!.AbsolutePath));
        Assert.Equal("developer", await RoleAsync(acme, Text(person, "email")));
        Assert.False(await fixture.QueryAsync<bool>("select password_hash is not null or email_confirmed from identity.users where email = $1", Text(person, "email")));
        Assert.Equal("Ada <b>Lovelace</b>", await fixture.QueryAsync<string>("select name from identity.users where email = $1", Text(person, "email")));
        Assert.Equal(["sso.linked", "member.added", "sso.configured"], await ActionsAsync(acme));
        person["email"] = "somebody@else.example"; // the subject alone counts from now on
        using var again = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(again, person)).StatusCode);
        Assert.Equal(1L, await fixture.QueryAsync<long>("select count(*) from identity.sso_links where organization_id = $1", acme.Owner.OrganizationId));
    }

    [Fact]
    public async Task An_account_of_the_address_is_tied_to_one_identity_and_keeps_its_own_factors()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        var identity = acme.Person(await EmailAsync(person));
        using var browser = new Browser(fixture.Hub.Address);

        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, identity)).StatusCode);

        Assert.Equal(person.UserId, await fixture.QueryAsync<Guid>("select user_id from identity.sso_links where subject = $1", Text(identity, "sub")));
        using var own = new Browser(fixture.Hub.Address);
        await own.SignInAsync(await EmailAsync(person), TestPerson.Password);
        Assert.Equal(HttpStatusCode.OK, (await own.GetAsync($"/organizations/{person.Slug}")).StatusCode);
        using var other = new Browser(fixture.Hub.Address);
        await RefusedAsync(acme.SignInAsync(other, acme.Person(await EmailAsync(person))), "belongs to another identity");
    }

    [Fact]
    public async Task A_limited_session_sees_its_organization_and_neither_others_nor_the_account()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.FollowAsync(await acme.SignInAsync(browser, acme.Person(await EmailAsync(person))));

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/organizations/{acme.Slug}/members")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"/organizations/{person.Slug}")).StatusCode);
        await browser.GetAsync("/");
        Assert.Contains($"/organizations/{acme.Slug}", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain($"/organizations/{person.Slug}", browser.Page, StringComparison.Ordinal);
        foreach (var page in new[] { "/account", "/account/security", "/account/password", "/account/email", "/account/sessions", "/account/applications", "/account/data", "/account/data/export", "/account/data/delete", "/reauthenticate", "/organizations" })
            Assert.StartsWith("/signin?returnUrl=", (await browser.GetAsync(page)).Headers.Location?.ToString(), StringComparison.Ordinal);
        var (last, _) = await browser.SignInAsync(await EmailAsync(person), TestPerson.Password, "/signin?returnUrl=%2Faccount");
        Assert.Equal((HttpStatusCode.OK, "/account"), (last.StatusCode, last.RequestMessage!.RequestUri!.AbsolutePath));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/organizations/{person.Slug}")).StatusCode);
    }

    [Fact]
    public async Task A_limited_token_is_for_its_organization_alone_also_after_it_was_renewed()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(person))));
        var tokens = await flow.TokensAsync(Scope);
        tokens = await Flow.ReadAsync(await flow.RefreshAsync(Text(tokens, "refresh_token")));

        var claims = Jwt.Claims(Text(tokens, "access_token"));
        Assert.Equal((acme.Owner.OrganizationId.ToString(), "[\"fed\"]"), (Text(claims, "org"), claims["amr"]!.ToJsonString()));
        Assert.Equal(acme.Owner.OrganizationId.ToString(), Text(Jwt.Claims(Text(tokens, "id_token")), "org"));
        using var api = Bearer(tokens);
        await api.GetAsync(acme.Api).JsonAsync();
        await api.GetAsync($"/v1/orgs/{person.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await api.GetAsync($"/v1/orgs/{person.OrganizationId}/members").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        var me = await api.GetAsync("/v1/me").JsonAsync();
        Assert.Equal((JsonValueKind.Null, acme.Slug), (me.GetProperty("security").ValueKind, Assert.Single(me.GetProperty("organizations").EnumerateArray()).Text("slug")));
        Assert.Equal(acme.Slug, Assert.Single((await api.GetAsync("/v1/orgs").JsonAsync()).Items()).Text("slug"));
        Assert.Equal(acme.Owner.OrganizationId.ToString(), (await api.GetAsync("/connect/userinfo").JsonAsync()).Text("org"));
        await api.PatchAsJsonAsync("/v1/me", new { name = "Mallory" }).RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
        await api.GetAsync("/v1/me/sessions").RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
        await api.DeleteAsync("/v1/me/sessions").RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
        await api.PostAsJsonAsync("/v1/orgs", new { name = "Mine" }).RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
        await api.PostAsJsonAsync("/v1/invitations/acceptance", new { token = "x" }).RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
    }

    [Fact]
    public async Task A_provider_makes_nobody_owner_enough_to_decide_who_gets_in()
    {
        using var acme = await fixture.OrganizationAsync();
        var flow = Flow.SignedOut(fixture);
        var owner = acme.Person();
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, owner));
        await fixture.ExecuteAsync("update identity.memberships set role = 'owner' where organization_id = $1", acme.Owner.OrganizationId);
        using var api = Bearer(await flow.TokensAsync(Scope));

        await api.GetAsync($"{acme.Api}/sso").JsonAsync();
        await api.ChangeAsync(HttpMethod.Put, $"{acme.Api}/policy", new { requireMfa = false }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await api.DeleteAsync($"{acme.Api}/sso").RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await api.PostAsJsonAsync($"{acme.Api}/transfer", new { userId = acme.Owner.UserId }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await flow.Browser.GetAsync($"/organizations/{acme.Slug}/policy");
        Assert.StartsWith("/signin?returnUrl=", (await flow.Browser.SubmitAsync(("requireMfa", "false"))).Headers.Location?.ToString(), StringComparison.Ordinal);

        using var member = await MemberElsewhereAsync(acme);
        var address = $"{acme.Api}/members/{member.UserId}";
        await api.ChangeAsync(HttpMethod.Patch, address, new { role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await api.ChangeAsync(HttpMethod.Patch, $"{acme.Api}/members/{acme.Owner.UserId}", new { role = "admin" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await api.DeleteAsync($"{acme.Api}/members/{acme.Owner.UserId}").RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await api.PostAsJsonAsync($"{acme.Api}/invitations", new { email = "new@example.com", role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        var offered = (await acme.Owner.Client.PostAsJsonAsync($"{acme.Api}/invitations", new { email = "old@example.com", role = "owner" }).JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await fixture.ExecuteAsync("update identity.invitations set sent_at = sent_at - interval '1 hour' where id = $1", offered);
        await api.PostAsync($"{acme.Api}/invitations/{offered}/resend", null).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        foreach (var (page, fields) in new (string, (string, string)[])[]
        {
            ("members", [("act", "change"), ("member", member.UserId.ToString()), ("role", "Owner")]),
            ("members", [("act", "change"), ("member", acme.Owner.UserId.ToString()), ("role", "Admin")]),
            ("members", [("act", "remove"), ("member", acme.Owner.UserId.ToString())]),
            ("invitations", [("act", "send"), ("email", "new@example.com"), ("role", "Owner")]),
            ("invitations", [("act", "resend"), ("invitation", offered.ToString())]),
        })
        {
            await flow.Browser.GetAsync($"/organizations/{acme.Slug}/{page}");
            Assert.StartsWith("/signin?returnUrl=", (await flow.Browser.SubmitAsync(fields)).Headers.Location?.ToString(), StringComparison.Ordinal);
        }
        Assert.Equal("developer", await RoleAsync(acme, await EmailAsync(member)));
        Assert.Equal("owner", await RoleAsync(acme, acme.Owner.Email));
        Assert.Equal(1L, await fixture.QueryAsync<long>("select count(*) from identity.invitations where organization_id = $1", acme.Owner.OrganizationId));

        await api.ChangeAsync(HttpMethod.Patch, address, new { role = "admin" }).JsonAsync(); // the other roles are theirs to give
        await api.DeleteAsync(address).JsonAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task What_a_provider_vouched_for_is_remembered_as_nobodys_consent_and_ends_with_the_day()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(person))));

        await flow.TokensAsync(Scope);

        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.consents where user_id = $1 and client_id = 'spa'", person.UserId));
        Assert.True(await fixture.QueryAsync<bool>("select expires_at <= created_at + interval '12 hours' from identity.grants where user_id = $1 and client_id = 'spa'", person.UserId));
    }

    [Fact]
    public async Task A_limited_session_gives_another_organizations_client_nothing()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(person))));
        async Task<string> RegisterAsync(TestPerson by) => (await by.Client.PostAsJsonAsync($"/v1/orgs/{by.Slug}/clients", new
        {
            client = new { name = "An app", authenticationMethod = "none", redirectUris = SpaCallback, scopes = OwnScopes, grants = OwnGrants },
        }).JsonAsync(HttpStatusCode.Created)).GetProperty("client").Text("clientId")!;

        var answer = await flow.AuthorizeAsync($"client_id={await RegisterAsync(person)}", "scope=openid email");
        Assert.StartsWith("/signin?request=", answer.Headers.Location?.ToString(), StringComparison.Ordinal);
        var silent = await flow.AuthorizeAsync($"client_id={await RegisterAsync(person)}", "scope=openid email", "prompt=none");
        Refusal.IsSentBack(silent, "login_required", flow, fixture.Issuer);
        Assert.Contains("code", await flow.AnswerAsync($"client_id={await RegisterAsync(acme.Owner)}", "scope=openid email"));
    }

    [Fact]
    public async Task O01_Tokens_are_limited_to_the_organization_that_was_asked_for()
    {
        using var stranger = await TestPerson.SignUpAsync(fixture.Hub);
        var flow = await Flow.SignUpAsync(fixture);
        using var whole = Bearer(await flow.TokensAsync(Scope));
        var own = Assert.Single((await whole.GetAsync("/v1/orgs").JsonAsync()).Items());
        Assert.False(Jwt.Claims(Text(await flow.TokensAsync(Scope), "access_token")).ContainsKey("org"));

        foreach (var name in new[] { own.Text("slug")!, own.Text("id")! })
            Assert.Equal(own.Text("id"), Text(Jwt.Claims(Text(await flow.TokensAsync(Scope, $"organization={name}"), "access_token")), "org"));
        using var limited = Bearer(await flow.TokensAsync(Scope, $"organization={own.Text("slug")}"));
        await limited.GetAsync($"/v1/orgs/{own.Text("slug")}").JsonAsync();
        await limited.GetAsync("/v1/me/sessions").RefusedAsync(HttpStatusCode.Forbidden, "token.limited");
        await whole.GetAsync("/v1/me/sessions").JsonAsync();
        foreach (var foreign in new[] { stranger.Slug, stranger.OrganizationId.ToString(), "never-existed", "NOT A SLUG" })
            Refusal.IsSentBack(await flow.AuthorizeAsync(Scope, $"organization={foreign}"), "access_denied", flow, fixture.Issuer);
        Refusal.IsSentBack(await flow.AuthorizeAsync(Scope, $"organization={new string('a', 41)}"), "invalid_request", flow, fixture.Issuer);
    }

    [Fact]
    public async Task O01_What_is_limited_to_an_organization_ends_with_the_membership()
    {
        using var acme = await fixture.OrganizationAsync();
        using var person = await MemberElsewhereAsync(acme);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(person))));
        var tokens = await flow.TokensAsync(Scope);

        await acme.Owner.Client.DeleteAsync($"{acme.Api}/members/{person.UserId}").JsonAsync(HttpStatusCode.NoContent);

        await Refusal.IsJsonAsync(await flow.RefreshAsync(Text(tokens, "refresh_token")), 400, "invalid_grant");
        Assert.StartsWith("/signin", (await flow.Browser.GetAsync($"/organizations/{acme.Slug}")).Headers.Location?.ToString(), StringComparison.Ordinal);
        await RefusedAsync(acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(person))), "no member of the organization"); // whoever was removed does not come back by themselves
    }

    [Fact]
    public async Task An_ID_token_with_a_wrong_claim_signs_nobody_in()
    {
        using var acme = await fixture.OrganizationAsync();
        (string Claim, object? Value)[] wrong =
        [
            ("iss", "https://another.example"), ("aud", "another-client"), ("aud", null), ("nonce", "another-nonce"), ("nonce", null), ("sub", null), ("sub", ""), ("sub", "tab\t"), ("azp", "another-client"),
            ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), ("exp", -120L), ("exp", null), ("iat", -3600L), ("iat", 3600L), ("iat", null), ("nbf", 3600L),
        ];
        foreach (var (claim, value) in wrong)
        {
            fixture.Provider.ChangeToken = (_, claims) => claims[claim] = value switch { null => null, long seconds => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds, var text => text.ToString() };
            await NobodyAsync(acme, $"{claim} = {value}");
        }
    }

    [Fact]
    public async Task An_ID_token_for_several_audiences_signs_nobody_in()
    {
        using var acme = await fixture.OrganizationAsync();
        fixture.Provider.ChangeToken = (_, claims) => claims["aud"] = new JsonArray(TestProvider.ClientId, "another-client");
        await NobodyAsync(acme, "two audiences");

        fixture.Provider.ChangeToken = (_, claims) => claims["aud"] = new JsonArray(TestProvider.ClientId);
        using var browser = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, acme.Person())).StatusCode);
    }

    [Fact]
    public async Task An_ID_token_that_is_signed_in_another_way_signs_nobody_in()
    {
        using var acme = await fixture.OrganizationAsync();
        using var foreign = new DpopKey();
        (string, Func<JsonObject, JsonObject, string>)[] ways =
        [
            ("none", (header, claims) => { header["alg"] = "none"; return foreign.Sign(header, claims).Split('.') is var parts ? $"{parts[0]}.{parts[1]}." : ""; }),
            ("HS256 by the client secret", (header, claims) => { header["alg"] = "HS256"; return Hmac(header, claims, TestProvider.ClientSecret); }),
            ("another key", foreign.Sign),
            ("another key that it brings", (header, claims) => { (header["jwk"], header["kid"]) = (foreign.Jwk, foreign.Thumbprint); return foreign.Sign(header, claims); }),
            ("RS256 by no key of the provider", (header, claims) => { header["alg"] = "RS256"; return RsaKey.Sign(header, claims); }),
            ("critical extension", (header, claims) => { header["crit"] = new JsonArray("x"); return foreign.Sign(header, claims); }),
            ("no JWS", (_, _) => "not.a"),
        ];
        foreach (var (way, sign) in ways)
        {
            fixture.Provider.Sign = sign;
            await NobodyAsync(acme, way);
        }
    }

    [Fact]
    public async Task A_sign_in_comes_back_once_in_the_browser_that_began_it_and_within_ten_minutes()
    {
        using var acme = await fixture.OrganizationAsync();
        using var browser = new Browser(fixture.Hub.Address);
        using var other = new Browser(fixture.Hub.Address);
        var back = await acme.LeaveAsync(browser, acme.Person());
        await acme.LeaveAsync(other, acme.Person());

        await RefusedAsync(other.GetAsync(back), "another browser");
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync(back)).StatusCode);
        await RefusedAsync(browser.GetAsync(back), "another browser");
        await RefusedAsync(browser.GetAsync("/account/sso/callback?code=x&state=" + new string('a', 43)), "another browser");
        await RefusedAsync(browser.GetAsync("/account/sso/callback"), "another browser");
        var late = await acme.LeaveAsync(other, acme.Person());
        await fixture.ExecuteAsync("update identity.sso_sign_ins set expires_at = now() - interval '1 second' where directory_id = $1", acme.Owner.OrganizationId);
        await RefusedAsync(other.GetAsync(late), "ten minutes");
    }

    [Fact]
    public async Task An_answer_that_is_not_the_providers_signs_nobody_in()
    {
        using var acme = await fixture.OrganizationAsync();
        foreach (var (parameter, value) in new[] { ("iss", "https://another.example"), ("iss", null), ("code", null), ("code", "made-up") })
        {
            fixture.Provider.ChangeAnswer = answer => answer[parameter] = value;
            await NobodyAsync(acme, $"{parameter} = {value}");
        }
    }

    [Fact]
    public async Task Who_goes_back_at_the_provider_is_told_so_in_words_of_the_Hub()
    {
        using var acme = await fixture.OrganizationAsync();
        fixture.Provider.ChangeAnswer = answer => (answer["error"], answer["error_description"], answer["code"]) = ("access_denied", "<script>alert(1)</script>", null);
        using var browser = new Browser(fixture.Hub.Address);

        await RefusedAsync(acme.SignInAsync(browser, acme.Person()), "you went back");

        Assert.DoesNotContain("alert(1)", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task O04_Only_addresses_of_its_own_verified_domains_join_or_link()
    {
        using var acme = await fixture.OrganizationAsync();
        using var rival = await fixture.OrganizationAsync();
        using var victim = await MemberElsewhereAsync(rival);
        using var browser = new Browser(fixture.Hub.Address);
        JsonObject Person(Action<JsonObject> change)
        {
            var person = acme.Person();
            change(person);
            return person;
        }

        await RefusedAsync(acme.SignInAsync(browser, acme.Person(await EmailAsync(victim))), "not shown to be its own");
        await RefusedAsync(acme.SignInAsync(browser, acme.Person($"ada@sub.{acme.Domain}")), "not shown to be its own");
        await RefusedAsync(acme.SignInAsync(browser, Person(person => person["email_verified"] = false)), "not confirmed");
        await RefusedAsync(acme.SignInAsync(browser, Person(person => person["email_verified"] = "false")), "not confirmed");
        await RefusedAsync(acme.SignInAsync(browser, Person(person => person.Remove("email"))), "did not say your e-mail address");
        await RefusedAsync(acme.SignInAsync(browser, Person(person => person["email"] = $"\"a@{rival.Domain}\"@{acme.Domain}")), "did not say your e-mail address");
        await RefusedAsync(acme.SignInAsync(browser, Person(person => person["email"] = new JsonArray($"a@{acme.Domain}"))), "did not say your e-mail address");
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, Person(person => person.Remove("email_verified")))).StatusCode);
        Assert.Equal(1L, await fixture.QueryAsync<long>("select count(*) from identity.sso_links where organization_id = $1", acme.Owner.OrganizationId));
    }

    [Fact]
    public async Task An_account_that_never_confirmed_its_address_is_not_let_in_with_its_owner()
    {
        using var acme = await fixture.OrganizationAsync();
        using var squatter = await MemberElsewhereAsync(acme, member: false);
        await fixture.ExecuteAsync("update identity.users set email_confirmed = false where id = $1", squatter.UserId);
        using var browser = new Browser(fixture.Hub.Address);

        await RefusedAsync(acme.SignInAsync(browser, acme.Person(await EmailAsync(squatter))), "never confirmed");

        await squatter.Client.GetAsync(acme.Api).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Two_organizations_with_one_provider_have_nothing_of_each_other()
    {
        using var acme = await fixture.OrganizationAsync();
        using var rival = await fixture.OrganizationAsync();
        var person = acme.Person();
        using var browser = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, person)).StatusCode);

        using var other = new Browser(fixture.Hub.Address);
        await RefusedAsync(rival.SignInAsync(other, person), "not shown to be its own"); // the same subject at the same issuer is nobody there
        var back = await rival.LeaveAsync(browser, rival.Person());
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync(back)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"/organizations/{acme.Slug}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/organizations/{rival.Slug}")).StatusCode);
    }

    [Fact]
    public async Task Who_may_not_join_by_signing_in_has_to_be_invited()
    {
        using var acme = await fixture.OrganizationAsync(settings => settings["joinRole"] = null);
        using var member = await MemberElsewhereAsync(acme);
        using var browser = new Browser(fixture.Hub.Address);

        await RefusedAsync(acme.SignInAsync(browser, acme.Person()), "no member of the organization");

        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, acme.Person(await EmailAsync(member)))).StatusCode);
        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.users where email like $1 and password_hash is null", $"%@{acme.Domain}"));
    }

    [Fact]
    public async Task A_provider_that_does_not_serve_is_a_page_and_no_error()
    {
        await using var down = await TestProvider.StartAsync();
        using var acme = await fixture.OrganizationAsync(provider: down);
        using var browser = new Browser(fixture.Hub.Address);
        down.Status = 503;

        await browser.GetAsync($"/signin?organization={acme.Slug}");
        var answer = await browser.SubmitAsync(("by", "organization"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("cannot be reached", browser.Page, StringComparison.Ordinal);
        down.Reset();
        var back = await acme.LeaveAsync(browser, acme.Person());
        down.Status = 500;
        await RefusedAsync(browser.GetAsync(back), "cannot be reached");
    }

    [Fact]
    public async Task A_new_key_of_the_provider_is_looked_for_at_once_and_no_more_than_once_a_minute()
    {
        var rotating = await TestProvider.StartAsync();
        using var acme = await fixture.OrganizationAsync(provider: rotating);
        using var browser = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, acme.Person())).StatusCode);

        rotating.RotateKey();
        await RefusedAsync(acme.SignInAsync(browser, acme.Person()), "cannot be reached");
        var reads = rotating.KeyReads;
        fixture.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, acme.Person())).StatusCode);

        Assert.Equal(reads + 1, rotating.KeyReads);
        await rotating.DisposeAsync();
    }

    [Fact]
    public async Task An_address_leads_to_its_domains_provider_whether_or_not_it_has_an_account()
    {
        using var acme = await fixture.OrganizationAsync();
        using var member = await MemberElsewhereAsync(acme);
        fixture.Provider.Person = acme.Person();
        async Task<(HttpStatusCode Status, string Page)> AskAsync(string email)
        {
            using var browser = new Browser(fixture.Hub.Address);
            await browser.GetAsync("/signin");
            return ((await browser.SubmitAsync(("Input.Email", email), ("by", "address"))).StatusCode, browser.Page);
        }

        foreach (var email in new[] { await EmailAsync(member), $"nobody@{acme.Domain}", $"Nobody@{acme.Domain.ToUpperInvariant()}" })
        {
            var (status, page) = await AskAsync(email);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains(fixture.Provider.Issuer + "/authorize?", page, StringComparison.Ordinal);
        }
        var known = await AskAsync(member.Email);
        var unknown = await AskAsync("nobody@example.com");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (known.Status, unknown.Status));
        Assert.Contains("No organization signs people", unknown.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_organization_than_was_asked_for_leads_to_its_own_provider_or_to_none()
    {
        using var acme = await fixture.OrganizationAsync();
        using var other = await fixture.OrganizationAsync();
        using var browser = new Browser(fixture.Hub.Address);

        await browser.GetAsync($"/signin?organization={acme.Slug}");
        Assert.Equal(HttpStatusCode.OK, (await browser.SubmitAsync(("Input.Email", $"nobody@{other.Domain}"), ("by", "address"))).StatusCode);
        await other.Owner.Client.DeleteAsync($"{other.Api}/sso");
        await browser.GetAsync($"/signin?organization={acme.Slug}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("Input.Email", $"nobody@{other.Domain}"), ("by", "address"))).StatusCode);
    }

    [Fact]
    public async Task An_applications_request_goes_on_after_the_provider()
    {
        using var acme = await fixture.OrganizationAsync();
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync(Scope, $"organization={acme.Slug}", "prompt=login"));
        fixture.Provider.Person = acme.Person();
        await flow.Browser.SubmitAsync(("by", "organization"));

        var answer = await flow.FollowAsync(await flow.Browser.GetAsync(await SsoOrganization.AtProviderAsync(flow.Browser)));

        var tokens = await Flow.ReadAsync(await flow.RedeemAsync(answer["code"]));
        Assert.Equal(acme.Owner.OrganizationId.ToString(), Text(Jwt.Claims(Text(tokens, "access_token")), "org"));
        Assert.Equal("login", fixture.Provider.LastAuthorization!["prompt"].ToString());
        Assert.Equal((fixture.Issuer + "/account/sso/callback", "S256"), (fixture.Provider.LastAuthorization["redirect_uri"].ToString(), fixture.Provider.LastAuthorization["code_challenge_method"].ToString()));
    }

    [Fact]
    public async Task Where_it_is_enforced_members_come_in_through_the_provider_alone_and_break_glass_owners_by_two_factors()
    {
        using var acme = await fixture.OrganizationAsync();
        using var member = await MemberElsewhereAsync(acme);
        await acme.EnforceAsync();

        var refused = await member.Client.GetAsync(acme.Api).RefusedAsync(HttpStatusCode.Forbidden, "organization.sso_required");
        Assert.Equal(new Uri(fixture.Hub.Address, $"/signin?organization={acme.Slug}").AbsoluteUri, refused.Text("signIn"));
        await member.Client.GetAsync($"/v1/orgs/{member.Slug}").JsonAsync(); // their own organization asks for nothing
        using var browser = new Browser(fixture.Hub.Address);
        await browser.SignInAsync(await EmailAsync(member), TestPerson.Password);
        Assert.StartsWith($"/signin?organization={acme.Slug}", (await browser.GetAsync($"/organizations/{acme.Slug}")).Headers.Location?.ToString(), StringComparison.Ordinal);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person(await EmailAsync(member))));
        using var federated = Bearer(await flow.TokensAsync(Scope));
        await federated.GetAsync(acme.Api).JsonAsync();

        await acme.Owner.Client.GetAsync(acme.Api).RefusedAsync(HttpStatusCode.Forbidden, "organization.mfa_required");
        await TwoFactorsAsync(acme.Owner);
        await acme.Owner.Client.GetAsync(acme.Api).JsonAsync();
        await acme.Owner.Client.DeleteAsync($"{acme.Api}/membership").RefusedAsync(HttpStatusCode.Conflict, "organization.last_owner");
        await fixture.ExecuteAsync("update identity.memberships set role = 'owner' where organization_id = $1 and user_id = $2", acme.Owner.OrganizationId, member.UserId);
        await acme.Owner.Client.DeleteAsync($"{acme.Api}/membership").RefusedAsync(HttpStatusCode.Conflict, "organization.last_break_glass");
        await acme.Owner.Client.ChangeAsync(HttpMethod.Patch, $"{acme.Api}/members/{acme.Owner.UserId}", new { role = "admin" }).RefusedAsync(HttpStatusCode.Conflict, "organization.last_break_glass");
        await acme.Owner.Client.PostAsJsonAsync($"{acme.Api}/transfer", new { userId = member.UserId }).RefusedAsync(HttpStatusCode.Conflict, "organization.last_break_glass");
        await member.Client.DeleteAsync($"{acme.Api}/membership").JsonAsync(HttpStatusCode.NoContent); // whoever wants to leave may
    }

    [Fact]
    public async Task Nobody_enforces_it_who_would_be_out_or_whose_break_glass_owners_are_none()
    {
        using var acme = await fixture.OrganizationAsync();
        using var second = await MemberElsewhereAsync(acme);
        Action<JsonObject> Enforced(params Guid[] breakGlass) => settings => (settings["enforced"], settings["breakGlass"]) = (true, new JsonArray([.. breakGlass.Select(id => (JsonNode)id.ToString())]));

        await acme.SetAsync(Enforced()).RefusedAsync(HttpStatusCode.BadRequest, "validation");
        await acme.SetAsync(Enforced(acme.Owner.UserId)).RefusedAsync(HttpStatusCode.Conflict, "sso.break_glass_unfit"); // has a password alone
        await fixture.ExecuteAsync("update identity.users set two_factor_enabled = true where id = $1 or id = $2", acme.Owner.UserId, second.UserId);
        await acme.SetAsync(Enforced(acme.Owner.UserId, second.UserId)).RefusedAsync(HttpStatusCode.Conflict, "sso.break_glass_unfit"); // is no owner
        await fixture.ExecuteAsync("update identity.memberships set role = 'owner' where organization_id = $1", acme.Owner.OrganizationId);
        await acme.SetAsync(Enforced(second.UserId)).RefusedAsync(HttpStatusCode.Conflict, "sso.own_sign_in");
        await fixture.ExecuteAsync("delete from identity.domains where organization_id = $1", acme.Owner.OrganizationId);
        await acme.SetAsync(Enforced(acme.Owner.UserId)).RefusedAsync(HttpStatusCode.Conflict, "sso.no_domain");
        await acme.Owner.Client.GetAsync(acme.Api).JsonAsync();
    }

    [Fact]
    public async Task The_organization_decides_whether_its_providers_sign_in_is_one_with_two_factors()
    {
        using var acme = await fixture.OrganizationAsync(settings => settings["multiFactor"] = "claimed");
        var person = acme.Person();
        var flow = Flow.SignedOut(fixture);
        async Task<string> MethodsAsync()
        {
            await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, person));
            return Jwt.Claims(Text(await flow.TokensAsync(Scope), "access_token"))["amr"]!.ToJsonString();
        }

        Assert.Equal("[\"fed\"]", await MethodsAsync());
        person["amr"] = new JsonArray("pwd", "mfa");
        Assert.Equal("[\"fed\",\"mfa\"]", await MethodsAsync());
        (await acme.SetAsync(settings => settings["multiFactor"] = "never")).EnsureSuccessStatusCode();
        Assert.Equal("[\"fed\"]", await MethodsAsync());
    }

    [Fact]
    public async Task Another_provider_or_none_ends_what_the_former_signed_in()
    {
        using var acme = await fixture.OrganizationAsync();
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.FollowAsync(await acme.SignInAsync(flow.Browser, acme.Person()));
        var tokens = await flow.TokensAsync(Scope);
        await acme.SetAsync(settings => (settings["clientId"], settings["clientSecret"]) = ("another", null)).RefusedAsync(HttpStatusCode.BadRequest, "validation"); // the secret goes to nobody else
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync($"/organizations/{acme.Slug}")).StatusCode);

        await acme.Owner.Client.DeleteAsync($"{acme.Api}/sso").JsonAsync(HttpStatusCode.NoContent);

        Assert.StartsWith("/signin", (await flow.Browser.GetAsync($"/organizations/{acme.Slug}")).Headers.Location?.ToString(), StringComparison.Ordinal);
        await Refusal.IsJsonAsync(await flow.RefreshAsync(Text(tokens, "refresh_token")), 400, "invalid_grant");
        await acme.Owner.Client.GetAsync($"{acme.Api}/sso").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("sso.removed", (await ActionsAsync(acme))[0]);
    }

    [Fact]
    public async Task The_secret_is_sent_to_the_provider_and_shown_to_nobody()
    {
        using var acme = await fixture.OrganizationAsync();
        using var browser = new Browser(fixture.Hub.Address);
        await acme.SignInAsync(browser, acme.Person());
        Assert.Equal(Flow.BasicOf(TestProvider.ClientId, TestProvider.ClientSecret), fixture.Provider.LastTokenRequest!.Value.Authorization);
        (await acme.SetAsync(settings => (settings["clientSecret"], settings["joinRole"]) = (null, "viewer"))).EnsureSuccessStatusCode(); // keeps it
        await acme.SignInAsync(browser, acme.Person());
        Assert.Equal(Flow.BasicOf(TestProvider.ClientId, TestProvider.ClientSecret), fixture.Provider.LastTokenRequest!.Value.Authorization);

        var read = await acme.Owner.Client.GetStringAsync($"{acme.Api}/sso");
        var dump = await fixture.QueryAsync<string>("select concat((select string_agg(p::text, ' ') from identity.sso_providers p), (select string_agg(a::text, ' ') from identity.audit_events a), (select string_agg(s::text, ' ') from identity.sso_sign_ins s))");

        Assert.DoesNotContain(TestProvider.ClientSecret, read, StringComparison.Ordinal);
        Assert.DoesNotContain(TestProvider.ClientSecret, dump, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_Hub_can_authenticate_by_a_key_that_it_makes()
    {
        using var acme = await fixture.OrganizationAsync(settings => (settings["authentication"], settings["clientSecret"]) = ("key", null));
        var key = ClientKey.TryParse((await acme.Owner.Client.GetAsync($"{acme.Api}/sso").JsonAsync()).GetProperty("publicKey"))!;
        using var browser = new Browser(fixture.Hub.Address);

        Assert.Equal(HttpStatusCode.SeeOther, (await acme.SignInAsync(browser, acme.Person())).StatusCode);

        var (form, authorization) = fixture.Provider.LastTokenRequest!.Value;
        var assertion = CompactJws.TryParse(form["client_assertion"].ToString())!;
        Assert.Equal(("", TestProvider.ClientId, fixture.Provider.Issuer), (authorization, assertion.Claims.Text("sub"), assertion.Claims.Text("aud")));
        Assert.True(key.Verify("ES256", assertion.Signed, assertion.Signature));
    }

    [Fact]
    public async Task Wrong_settings_are_refused_by_their_field()
    {
        using var acme = await fixture.OrganizationAsync();
        foreach (var (field, value) in new[]
        {
            ("issuer", "http://login.example.com"), ("issuer", "https://user@login.example.com"), ("issuer", "https://login.example.com/?a=b"), ("issuer", "not an address"), ("issuer", "javascript:alert(1)"),
            ("issuer", fixture.Issuer), ("clientId", "two\nlines"), ("clientSecret", "two\nlines"), ("emailClaim", "groups"), ("joinRole", "owner"), ("scopes", "email"),
        })
        {
            var problem = await acme.SetAsync(settings => settings[field] = field == "scopes" ? new JsonArray(value) : value).RefusedAsync(HttpStatusCode.BadRequest, "validation");
            Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{field} = {value}: {problem.GetRawText()}");
        }
    }

    [Theory]
    [InlineData("https://127.0.0.1", SsoStep.Connection)]
    [InlineData("https://[::1]:8443/realm", SsoStep.Connection)]
    [InlineData("https://169.254.169.254", SsoStep.Connection)]
    [InlineData("https://localhost", SsoStep.Connection)]
    [InlineData("http://127.0.0.1", SsoStep.Address)]
    [InlineData("https://nobody.invalid", SsoStep.Dns)]
    public async Task An_issuer_inside_the_network_is_not_asked(string issuer, SsoStep step)
    {
        using var http = new GuardedHttp(allowPrivateNetworks: false);
        var directory = new SsoDirectory(http, Options.Create(new HubIdentityOptions { Issuer = fixture.Issuer }), TimeProvider.System);

        var (provider, fault) = await directory.ReadAsync(issuer, CancellationToken.None);

        Assert.Equal((null, step), (provider, fault?.Step));
    }

    [Fact]
    public async Task Trying_it_says_what_is_wrong_first()
    {
        var provider = await TestProvider.StartAsync();
        using var acme = await fixture.OrganizationAsync(provider: provider);
        async Task<string?> DiagnoseAsync(Action<JsonObject>? change = null)
        {
            provider.ChangeDocument = change;
            var answer = await acme.Owner.Client.GetAsync($"{acme.Api}/sso/diagnosis").JsonAsync();
            var steps = answer.GetProperty("steps").EnumerateArray().ToList();
            Assert.All(steps.SkipLast(1), step => Assert.Equal(JsonValueKind.Null, step.GetProperty("fault").ValueKind));
            Assert.Equal(answer.GetProperty("works").GetBoolean(), steps[^1].GetProperty("fault").ValueKind == JsonValueKind.Null);
            return answer.GetProperty("works").GetBoolean() ? null : steps[^1].Text("name");
        }

        Assert.Null(await DiagnoseAsync());
        Assert.Equal("issuer", await DiagnoseAsync(document => document["issuer"] = provider.Issuer + "/"));
        Assert.Equal("endpoints", await DiagnoseAsync(document => document.Remove("token_endpoint")));
        Assert.Equal("endpoints", await DiagnoseAsync(document => document["jwks_uri"] = "http://keys.example"));
        Assert.Equal("algorithms", await DiagnoseAsync(document => document["id_token_signing_alg_values_supported"] = new JsonArray("HS256", "none")));
        Assert.Equal("algorithms", await DiagnoseAsync(document => document["code_challenge_methods_supported"] = new JsonArray("plain")));
        Assert.Equal("keys", await DiagnoseAsync(document => document["jwks_uri"] = provider.Issuer + "/nothing"));
        provider.RedirectsTo = "http://169.254.169.254/latest";
        Assert.Equal("discovery", await DiagnoseAsync());
        await provider.DisposeAsync();
        Assert.Equal("connection", await DiagnoseAsync());
    }

    /// <summary>JSON may write half of a surrogate pair, which cannot be read as text: any owner could have the sign-in for their domain answer 500.</summary>
    [Fact]
    public void A_document_with_half_a_character_is_no_discovery_document() =>
        Assert.Equal(SsoStep.Discovery, ProviderMetadata.Read("""{"issuer":"https://idp.example","jwks_uri":"\ud800"}"""u8.ToArray(), "https://idp.example", _ => true).Fault?.Step);

    [Fact]
    public async Task The_page_sets_it_tries_it_and_removes_it()
    {
        using var acme = await fixture.OrganizationAsync();
        using var browser = new Browser(fixture.Hub.Address);
        await browser.SignInAsync(acme.Owner.Email, TestPerson.Password);
        await browser.GetAsync($"/organizations/{acme.Slug}/sso");
        Assert.Contains(fixture.Issuer + "/account/sso/callback", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(TestProvider.ClientSecret, browser.Page, StringComparison.Ordinal);
        (string, string)[] fields = [("Input.Issuer", fixture.Provider.Issuer), ("Input.ClientId", TestProvider.ClientId), ("Input.Authentication", "Secret"), ("Input.Scopes", "openid email"), ("Input.EmailClaim", "email"), ("Input.MultiFactor", "Always"), ("Input.JoinRole", "Viewer")];

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync([.. fields, ("act", "save"), ("Input.Enforced", "true")])).StatusCode);
        await browser.FollowAsync(await browser.SubmitAsync([.. fields, ("act", "save")]));
        Assert.Contains("Saved.", browser.Page, StringComparison.Ordinal);
        await browser.SubmitAsync(("act", "test"));
        Assert.Contains("as it should be", browser.Page, StringComparison.Ordinal);
        Assert.Equal("always", (await acme.Owner.Client.GetAsync($"{acme.Api}/sso").JsonAsync()).Text("multiFactor"));
        await browser.FollowAsync(await browser.SubmitAsync(("act", "remove")));
        await acme.Owner.Client.GetAsync($"{acme.Api}/sso").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_Hub_signs_in_through_another_Hub()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var upstream = await HubInstance.StartAsync(database);
        using var there = await TestPerson.SignUpAsync(upstream);
        var registered = await there.Client.PostAsJsonAsync($"/v1/orgs/{there.Slug}/clients", new
        {
            client = new { name = "Another Hub", authenticationMethod = "client_secret_basic", redirectUris = HubCallback, scopes = OwnScopes, grants = OwnGrants },
        }).JsonAsync(HttpStatusCode.Created);
        using var acme = await fixture.OrganizationAsync(settings =>
        {
            (settings["issuer"], settings["clientId"]) = (upstream.Address.GetLeftPart(UriPartial.Authority), registered.GetProperty("client").Text("clientId"));
            (settings["clientSecret"], settings["scopes"]) = (registered.Text("secret"), new JsonArray("openid", "email"));
        });
        using var member = await MemberElsewhereAsync(acme);
        await fixture.ExecuteAsync("insert into identity.sso_links (organization_id, issuer, subject, user_id, created_at, last_used_at) values ($1, $2, $3, $4, now(), now())",
            acme.Owner.OrganizationId, upstream.Address.GetLeftPart(UriPartial.Authority), there.UserId.ToString(), member.UserId);

        using var here = new Browser(fixture.Hub.Address);
        await here.GetAsync($"/signin?organization={acme.Slug}");
        var departure = await here.SubmitAsync(("by", "organization"));
        using var elsewhere = new Browser(upstream.Address);
        await elsewhere.FollowAsync(await elsewhere.GetAsync(new Uri(departure.Headers.GetValues("Refresh").Single().Split("url=", 2)[1]).PathAndQuery));
        await elsewhere.FollowAsync(await elsewhere.SubmitAsync(("Input.Email", there.Email), ("Input.Password", TestPerson.Password)));
        var (_, back) = await elsewhere.FollowAsync(await elsewhere.SubmitAsync(("decision", "allow")));

        var (last, _) = await here.FollowAsync(await here.GetAsync(back!.PathAndQuery));

        Assert.Equal((HttpStatusCode.OK, $"/organizations/{acme.Slug}"), (last.StatusCode, last.RequestMessage!.RequestUri!.AbsolutePath));
    }

    /// <summary>A person with an account and an organization of their own, whose confirmed address is of another's domain.</summary>
    private async Task<TestPerson> MemberElsewhereAsync(SsoOrganization organization, bool member = true)
    {
        var person = await TestPerson.SignUpAsync(fixture.Hub);
        var email = $"{Guid.CreateVersion7():N}@{organization.Domain}";
        await fixture.ExecuteAsync("update identity.users set email = $2, normalized_email = upper($2), user_name = $2, normalized_user_name = upper($2) where id = $1", person.UserId, email);
        if (member)
            await fixture.ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, 'developer', now())", organization.Owner.OrganizationId, person.UserId);
        return person;
    }

    private async Task TwoFactorsAsync(TestPerson person)
    {
        await fixture.ExecuteAsync("update identity.grants set amr = '{pwd,otp,mfa}' where user_id = $1", person.UserId);
        await person.RenewAsync();
    }

    private Task<string> EmailAsync(TestPerson person) => fixture.QueryAsync<string>("select email from identity.users where id = $1", person.UserId);

    private Task<string> RoleAsync(SsoOrganization organization, string email) => fixture.QueryAsync<string>(
        "select m.role from identity.memberships m join identity.users u on u.id = m.user_id where m.organization_id = $1 and u.email = $2", organization.Owner.OrganizationId, email);

    private static async Task<List<string?>> ActionsAsync(SsoOrganization organization) =>
        [.. (await organization.Owner.Client.GetAsync($"{organization.Api}/audit").JsonAsync()).Items().Select(entry => entry.Text("action")).Where(action => action != "organization.created")];

    private async Task NobodyAsync(SsoOrganization organization, string why)
    {
        using var browser = new Browser(fixture.Hub.Address);
        await RefusedAsync(organization.SignInAsync(browser, organization.Person()), "cannot be reached, or does not answer as it should", why);
        Assert.DoesNotContain(browser.Cookies.Keys, name => name.EndsWith("codezero-session", StringComparison.Ordinal));
        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.sso_links where organization_id = $1", organization.Owner.OrganizationId));
    }

    private static async Task RefusedAsync(Task<HttpResponseMessage> request, string words, string? why = null)
    {
        var response = await request;
        var page = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{why}: {(int)response.StatusCode} {response.Headers.Location}: {page}");
        Assert.Contains(words, page, StringComparison.Ordinal);
    }

    private HttpClient Bearer(JsonObject tokens)
    {
        var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Text(tokens, "access_token"));
        return client;
    }

    private static string Hmac(JsonObject header, JsonObject claims, string secret)
    {
        static string Encode(JsonObject part) => System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.HMACSHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret), System.Text.Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Text(JsonObject json, string name) => json[name]!.GetValue<string>();
}
