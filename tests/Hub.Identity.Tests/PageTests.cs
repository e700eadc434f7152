using System.Net;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Testing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The pages, rows U.</summary>
public sealed class PageTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("/signin")]
    [InlineData("/signup")]
    [InlineData("/signout")]
    [InlineData("/")]
    [InlineData("/consent")]
    [InlineData("/connect/continue")]
    [InlineData("/device")]
    [InlineData("/connect/authorize")]
    public async Task U01_U02_Pages_cannot_be_framed_kept_or_named_to_others(string page)
    {
        var flow = await Flow.SignUpAsync(fixture);
        var response = await flow.Browser.GetAsync(page == "/consent" ? (await flow.AuthorizeAsync()).Headers.Location!.ToString() : page);

        var policy = string.Join(';', response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script", policy, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task The_consent_form_may_end_at_the_client_and_nowhere_else()
    {
        var flow = await Flow.SignUpAsync(fixture, "nat");

        var response = await flow.Browser.GetAsync((await flow.AuthorizeAsync()).Headers.Location!.ToString());

        Assert.Contains("form-action 'self' http://127.0.0.1:5555;", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_stylesheet_is_served_from_an_address_of_its_content()
    {
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var path = browser.Page.Split("rel=\"stylesheet\" href=\"")[1].Split('"')[0];

        var response = await browser.GetAsync(path);

        Assert.Equal("text/css", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task U03_Without_its_antiforgery_token_no_form_is_taken()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var stranger = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.BadRequest, (await stranger.PostAsync("/signin", ("Input.Email", flow.Email), ("Input.Password", Flow.Password))).StatusCode);
        Assert.Contains("load the page again", stranger.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(stranger.Cookies, cookie => cookie.Key.EndsWith("session", StringComparison.Ordinal));

        var consent = (await flow.AuthorizeAsync()).Headers.Location!.ToString();
        var refused = await flow.Browser.PostAsync(consent, ("decision", "allow"));
        Assert.Equal((HttpStatusCode.BadRequest, null), (refused.StatusCode, refused.Headers.Location));
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.Browser.PostAsync("/signout")).StatusCode);
        Assert.True((await flow.AnswerAsync()).ContainsKey("code"));
    }

    [Fact]
    public async Task U03_Anothers_antiforgery_token_is_no_good()
    {
        var (flow, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var consent = (await flow.AuthorizeAsync()).Headers.Location!.ToString();
        await other.Browser.GetAsync((await other.AuthorizeAsync()).Headers.Location!.ToString());
        var token = other.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];

        var refused = await flow.Browser.PostAsync(consent, ("decision", "allow"), ("__RequestVerificationToken", token));

        Assert.Equal((HttpStatusCode.BadRequest, null), (refused.StatusCode, refused.Headers.Location));
    }

    [Fact]
    public async Task U04_What_is_allowed_is_the_request_kept_here_not_what_the_form_says()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync("scope=openid"));

        var answer = await flow.Browser.SubmitAsync(("decision", "allow"), ("client_id", "evil"), ("scope", "openid hub offline_access"), ("redirect_uri", "https://evil.example/cb"), ("returnUrl", "https://evil.example"));

        Assert.StartsWith(flow.RedirectUri + "?code=", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var code = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(answer.Headers.Location.Query)["code"].ToString();
        Assert.Equal("openid", (await Flow.ReadAsync(await flow.RedeemAsync(code)))["scope"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/%09/evil.example")]
    [InlineData("/%0d%0aLocation:%20https://evil.example")]
    [InlineData("https:evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("\\\\evil.example")]
    [InlineData("~//evil.example")]
    [InlineData("evil.example")]
    [InlineData("")]
    public async Task U05_A_foreign_return_address_leads_to_the_start(string returnUrl)
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync($"/signin?returnUrl={returnUrl}");

        var response = await browser.SubmitAsync(("Input.Email", flow.Email), ("Input.Password", Flow.Password));

        Assert.Equal("/", response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task U05_A_return_address_of_ours_is_followed()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin?returnUrl=/signout?a=b");

        Assert.Equal("/signout?a=b", (await browser.SubmitAsync(("Input.Email", flow.Email), ("Input.Password", Flow.Password))).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task U06_U08_Unknown_wrong_and_locked_are_answered_alike_and_cost_one_hash_each_while_no_account_is_held()
    {
        await using var database = await TestDatabase.CreateAsync();
        var hasher = new CountingHasher(() => CountFreeAccounts(database));
        await using var hub = await HubInstance.StartAsync(database, new Dictionary<string, string?> { ["Hub:Identity:Lockout:Attempts"] = "3" },
            services => services.AddSingleton<IPasswordHasher<Person>>(hasher));
        await TestAccount.MakeAsync(hub, "known@example.com", Flow.Password);

        var unknown = await TryAsync("unknown@example.com", "wrong-password-1");
        var malformed = await TryAsync("no address", "wrong-password-1");
        var wrong = await TryAsync("known@example.com", "wrong-password-1");
        await TryAsync("known@example.com", "wrong-password-2");
        await TryAsync("KNOWN@example.com", "wrong-password-3");
        var locked = await TryAsync("known@example.com", Flow.Password);

        Assert.Equal(wrong, unknown);
        Assert.Equal(wrong, malformed);
        Assert.Equal(wrong, locked);
        Assert.Equal(1, wrong.Hashes);
        Assert.Equal([1, 1, 1, 1, 1, 1], hasher.FreeAccounts);

        async Task<(HttpStatusCode Status, string Page, string Cookies, int Hashes)> TryAsync(string email, string password)
        {
            using var browser = new Browser(hub.Address);
            await browser.GetAsync("/signin");
            var before = hasher.Verified;
            var response = await browser.SubmitAsync(("Input.Email", email), ("Input.Password", password));
            var page = System.Text.RegularExpressions.Regex.Replace(browser.Page, "value=\"[^\"]*\"", "");
            return (response.StatusCode, page, string.Join(',', browser.Cookies.Keys.Order()), hasher.Verified - before);
        }
    }

    [Theory]
    [InlineData("SignInsPerMinute", "/signin")]
    [InlineData("SignUpsPerMinute", "/signup")]
    [InlineData("AuthorizationsPerMinute", "/connect/authorize")]
    [InlineData("DeviceCodesPerMinute", "/device")]
    public async Task Pages_that_can_be_used_to_guess_or_to_fill_are_limited_by_address(string limit, string page)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubInstance.StartAsync(database, new Dictionary<string, string?> { [$"Hub:Identity:Limits:{limit}"] = "3" });
        using var browser = new Browser(hub.Address);

        for (var i = 0; i < 3; i++)
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await browser.GetAsync(page)).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await browser.GetAsync(page)).StatusCode);
    }

    [Fact]
    public async Task U08_Fifty_tries_at_once_count_as_fifty()
    {
        var flow = await Flow.SignUpAsync(fixture);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var browser = new Browser(fixture.Hub.Address);
            await browser.SignInAsync(flow.Email, "a-wrong-password");
        }));

        Assert.True(await fixture.QueryAsync<bool>("select lockout_end is not null from identity.users where id = $1", flow.UserId));
        using var locked = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await locked.SignInAsync(flow.Email, Flow.Password)).Last.StatusCode);
        fixture.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("/", (await locked.SignInAsync(flow.Email, Flow.Password)).Last.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [Fact]
    public async Task U09_Each_sign_in_has_a_new_session_and_ends_the_one_before()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var before = new Dictionary<string, string>(flow.Browser.Cookies);
        var signIn = (await flow.AuthorizeAsync("prompt=login")).Headers.Location!.ToString();

        await flow.Browser.SignInAsync(flow.Email, Flow.Password, signIn);

        Assert.NotEqual(before["codezero-session"], flow.Browser.Cookies["codezero-session"]);
        using var thief = new Browser(fixture.Hub.Address);
        foreach (var (name, value) in before)
            thief.Cookies[name] = value;
        Assert.Equal("/signin", (await thief.GetAsync("/")).Headers.Location!.ToString());
    }

    [Fact]
    public async Task L09_After_signing_out_the_old_cookie_is_nobody()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.CodeAsync();
        var before = new Dictionary<string, string>(flow.Browser.Cookies);
        await flow.Browser.GetAsync("/signout");

        var signedOut = await flow.Browser.SubmitAsync();

        Assert.Equal("/signin", signedOut.Headers.Location!.ToString());
        foreach (var (name, value) in before)
            flow.Browser.Cookies[name] = value;
        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "login_required", flow, fixture.Issuer);
    }

    [Theory]
    [InlineData("U17", "update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("U17", "update identity.users set lockout_end = 'infinity' where id = $1")]
    [InlineData("U17", "delete from identity.users where id = $1")]
    public async Task A_changed_or_disabled_account_ends_its_sessions(string id, string sql)
    {
        var flow = await Flow.SignUpAsync(fixture);

        await fixture.ExecuteAsync(sql, flow.UserId);

        Assert.Equal("/signin", (await flow.Browser.GetAsync("/")).Headers.Location!.ToString());
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task A_session_ends_after_its_time()
    {
        var flow = await Flow.SignUpAsync(fixture);

        fixture.Clock.Advance(TimeSpan.FromHours(12.1));

        Assert.Equal("/signin", (await flow.Browser.GetAsync("/")).Headers.Location!.ToString());
    }

    [Fact]
    public async Task U18_No_page_and_no_endpoint_opens_itself_to_other_origins()
    {
        var flow = await Flow.SignUpAsync(fixture);

        foreach (var address in new[] { flow.AuthorizeAddress(), "/signin", "/.well-known/openid-configuration" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Origin", "https://evil.example" } } };
            Assert.DoesNotContain((await flow.Browser.SendAsync(request)).Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task The_session_cookie_is_out_of_reach_of_scripts_and_other_sites()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");

        var response = await browser.SubmitAsync(("Input.Email", flow.Email), ("Input.Password", Flow.Password));

        var cookie = response.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("codezero-session=", StringComparison.Ordinal)).ToLowerInvariant();
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain=", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_an_https_issuer_cookies_are_secure_and_bound_to_the_host()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubInstance.StartAsync(database, publicUrl: new Uri("https://127.0.0.1:8443"));
        using var browser = new Browser(hub.Address);

        var response = await browser.GetAsync("/signin");

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-codezero-form=", cookie, StringComparison.Ordinal);
        Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/;", cookie, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>How many accounts no transaction holds.</summary>
    private static long CountFreeAccounts(TestDatabase database)
    {
        using var connection = new NpgsqlConnection(database.Superuser);
        connection.Open();
        using var command = new NpgsqlCommand("with free as (select id from identity.users for no key update skip locked) select count(*) from free", connection);
        return (long)command.ExecuteScalar()!;
    }

    /// <param name="countFreeAccounts">Asked while a password is verified.</param>
    private sealed class CountingHasher(Func<long> countFreeAccounts) : IPasswordHasher<Person>
    {
        private readonly PasswordHasher<Person> _real = new();

        public int Verified => FreeAccounts.Count;

        /// <summary>What was counted at each verification.</summary>
        public List<long> FreeAccounts { get; } = [];

        public string HashPassword(Person user, string password) => _real.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(Person user, string hashedPassword, string providedPassword)
        {
            FreeAccounts.Add(countFreeAccounts());
            return _real.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
