using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Authenticator applications and recovery codes. The codes are made by an implementation apart from the one under test.</summary>
public sealed class SecondFactorTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    [Fact]
    public async Task U11_With_an_authenticator_the_password_alone_signs_nobody_in()
    {
        using var person = await GuardedAsync();
        var browser = await person.ElsewhereAsync();
        Assert.Equal("/signin/code", Path(browser));
        var flow = Flow.SignedOut(fixture);
        foreach (var (name, value) in browser.Cookies)
            flow.Browser.Cookies[name] = value;

        Assert.False(await Someone.IsSignedInAsync(browser));
        Assert.StartsWith("/signin", (await browser.GetAsync("/account/security")).Headers.Location!.ToString(), StringComparison.Ordinal);
        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "login_required", flow, fixture.Issuer);
        flow.Browser.Cookies["codezero-session"] = browser.Cookies["codezero-first-factor"]; // the one cookie in the place of the other
        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "login_required", flow, fixture.Issuer);

        await browser.GetAsync("/signin/code");
        await browser.FollowAsync(await browser.SubmitAsync(("code", person.Code())));
        Assert.True(await Someone.IsSignedInAsync(browser));
        Assert.DoesNotContain("codezero-first-factor", browser.Cookies.Keys);
    }

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task U10_A_code_of_a_neighbouring_step_is_taken_and_none_further_off(int steps, bool taken)
    {
        using var person = await GuardedAsync();
        for (var i = 0; i < 3; i++)
            person.NextStep(); // away from the code that was used to add it
        var browser = await person.ElsewhereAsync();

        await browser.FollowAsync(await browser.SubmitAsync(("code", person.Code(steps))));

        Assert.Equal(taken, await Someone.IsSignedInAsync(browser));
    }

    [Fact]
    public async Task U10_A_code_is_taken_once_and_none_of_an_earlier_step_after_it()
    {
        using var person = await GuardedAsync();
        person.NextStep();
        var (code, before) = (person.Code(), person.Code(-1));

        Assert.True(await TryAsync(person, code));
        Assert.False(await TryAsync(person, code));
        Assert.False(await TryAsync(person, before));
        person.NextStep();
        Assert.True(await TryAsync(person, person.Code().Insert(3, " ")));
    }

    [Fact]
    public async Task U10_A_code_used_fifty_times_at_once_signs_in_once()
    {
        using var person = await GuardedAsync();
        var browsers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => person.ElsewhereAsync()));
        var code = person.Code();

        var answers = await Task.WhenAll(browsers.Select(browser => browser.SubmitAsync(("code", code))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task The_code_that_added_the_authenticator_is_used_up_by_that()
    {
        using var person = await Someone.SignUpAsync(fixture);
        var added = fixture.Clock.GetUtcNow();
        await person.AddAuthenticatorAsync();

        Assert.False(await TryAsync(person, OneTimeCodes.At(person.Secret!, added)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?by=recovery")]
    public async Task U08_Wrong_codes_lock_like_wrong_passwords_and_nothing_tells(string way)
    {
        using var person = await GuardedAsync();
        var browser = await person.ElsewhereAsync();
        await browser.GetAsync("/signin/code" + way);
        var pages = new List<string>();
        var wrong = way.Length == 0 ? "000000" : "aaaa-bbbb-cccc-dddd";
        for (var i = 0; i < MailFixture.LockoutAttempts; i++)
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("code", wrong))).StatusCode);
            pages.Add(Anonymous(browser.Page));
            if (i == MailFixture.LockoutAttempts - 2)
                Assert.Equal("/signin/code", Path(await person.ElsewhereAsync())); // the right password in between forgets nothing
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("code", way.Length == 0 ? person.Code() : person.RecoveryCodes[0]))).StatusCode);
        pages.Add(Anonymous(browser.Page));

        Assert.Single(pages.Distinct());
        Assert.Equal("/signin", Path(await person.ElsewhereAsync())); // the right password too is answered like a wrong one
        fixture.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.True(await TryAsync(person, person.Code()));
        Assert.Equal(10, await CountCodesAsync(person));
    }

    [Fact]
    public async Task U12_A_recovery_code_works_once_also_when_fifty_use_it_at_once_and_says_so_by_mail()
    {
        using var person = await GuardedAsync();
        var browsers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            var browser = await person.ElsewhereAsync();
            await browser.GetAsync("/signin/code?by=recovery");
            return browser;
        }));

        var answers = await Task.WhenAll(browsers.Select(browser => browser.SubmitAsync(("code", person.RecoveryCodes[3]))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
        Assert.Equal(9, await CountCodesAsync(person));
        Assert.Contains("9 of 10", (await person.MailAsync("security change")).Text, StringComparison.Ordinal);
        fixture.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.False(await TryAsync(person, person.RecoveryCodes[3], "?by=recovery"));
        Assert.True(await TryAsync(person, person.RecoveryCodes[4].ToUpperInvariant().Replace('-', ' '), "?by=recovery"));
    }

    [Fact]
    public async Task U12_A_recovery_code_is_its_persons_alone_and_no_code_of_the_authenticator()
    {
        using var person = await GuardedAsync();
        using var other = await GuardedAsync();

        Assert.False(await TryAsync(other, person.RecoveryCodes[0], "?by=recovery"));
        Assert.False(await TryAsync(person, person.RecoveryCodes[0]));
        Assert.False(await TryAsync(person, person.Code(), "?by=recovery"));
        Assert.Equal(10, await CountCodesAsync(person));
    }

    [Fact]
    public async Task Recovery_codes_are_shown_once_can_be_kept_as_text_and_renewed()
    {
        using var person = await GuardedAsync();
        Assert.Equal(10, person.RecoveryCodes.Count);
        Assert.Contains("download=\"codezero-recovery-codes.txt\"", person.Browser.Page, StringComparison.Ordinal);
        await person.Browser.GetAsync("/account/recovery-codes");
        Assert.Empty(Someone.Codes(person.Browser.Page));
        Assert.Contains("10 of 10", person.Browser.Page, StringComparison.Ordinal);

        await person.Browser.FollowAsync(await person.Browser.SubmitAsync());
        var renewed = Someone.Codes(person.Browser.Page);

        Assert.Equal(20, person.RecoveryCodes.Concat(renewed).Distinct().Count());
        Assert.False(await TryAsync(person, person.RecoveryCodes[0], "?by=recovery"));
        Assert.True(await TryAsync(person, renewed[0], "?by=recovery"));
        await person.MailAsync("security change");
    }

    [Fact]
    public async Task The_database_has_neither_the_secret_nor_a_recovery_code()
    {
        using var person = await GuardedAsync();

        Assert.False(await fixture.QueryAsync<bool>("select position($1 in protected_secret) > 0 from identity.authenticators a join identity.users u on u.id = a.user_id where email = $2", person.Secret!, person.Email));
        Assert.Equal(0, await fixture.QueryAsync<long>("select count(*) from identity.recovery_codes where encode(hash, 'escape') like any($1)", (object)person.RecoveryCodes.Select(code => $"%{code[..4]}%").ToArray()));
    }

    [Fact]
    public async Task U17_Adding_and_removing_an_authenticator_ends_the_other_sessions_and_families_and_is_told()
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var elsewhere = await person.ElsewhereAsync();

        await person.AddAuthenticatorAsync();
        Assert.Contains("was added", (await person.MailAsync("security change")).Text, StringComparison.Ordinal);
        Assert.False(await Someone.IsSignedInAsync(elsewhere));
        Assert.True(await Someone.IsSignedInAsync(person.Browser));
        var second = await person.ElsewhereAsync();
        await second.FollowAsync(await second.SubmitAsync(("code", person.Code())));
        await RemoveAsync(person);

        Assert.Contains("was removed", (await person.MailAsync("security change")).Text, StringComparison.Ordinal);
        Assert.False(await Someone.IsSignedInAsync(second));
        Assert.True(await Someone.IsSignedInAsync(person.Browser));
        Assert.True(await Someone.IsSignedInAsync(await person.ElsewhereAsync())); // the password is enough again
        Assert.Equal(0, await CountCodesAsync(person));
    }

    [Fact]
    public async Task U17_A_refresh_family_dies_when_an_authenticator_is_added()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var tokens = await flow.TokensAsync();

        await flow.Browser.GetAsync("/account/authenticator");
        var secret = OneTimeCodes.Read(flow.Browser.Page.Split("<code>")[1].Split('<')[0]);
        Assert.Equal("/account/recovery-codes", (await flow.Browser.SubmitAsync(("code", OneTimeCodes.At(secret, fixture.Clock.GetUtcNow())))).Headers.Location!.ToString());

        await Refusal.IsJsonAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
        var access = (await flow.TokensAsync())["access_token"]!.GetValue<string>();
        Assert.Equal(["pwd", "otp", "mfa"], Jwt.Claims(access)["amr"]!.AsArray().Select(method => method!.GetValue<string>()));
    }

    [Fact]
    public async Task An_authenticator_is_added_by_its_own_code_and_in_its_own_session_alone()
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var other = await Someone.SignUpAsync(fixture);
        await other.Browser.GetAsync("/account/authenticator");
        var foreign = (Ticket: TicketOf(other.Browser.Page), Secret: OneTimeCodes.Read(other.Browser.Page.Split("<code>")[1].Split('<')[0]));
        await person.Browser.GetAsync("/account/authenticator");
        var token = person.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];

        var wrong = await person.Browser.SubmitAsync(("code", "000000"));
        var anothers = await person.Browser.PostAsync("/account/authenticator", ("__RequestVerificationToken", token), ("ticket", foreign.Ticket), ("code", OneTimeCodes.At(foreign.Secret, fixture.Clock.GetUtcNow())));
        var broken = await person.Browser.PostAsync("/account/authenticator", ("__RequestVerificationToken", token), ("ticket", "%%%"), ("code", "000000"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.All(new[] { anothers, broken }, answer => Assert.Equal("/account/authenticator", answer.Headers.Location?.ToString()));
        Assert.True(await Someone.IsSignedInAsync(await person.ElsewhereAsync()));
    }

    [Fact]
    public async Task A_password_given_too_long_ago_or_changed_since_is_given_again()
    {
        using var person = await GuardedAsync();
        var late = await person.ElsewhereAsync();
        fixture.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("/signin", (await late.SubmitAsync(("code", person.Code()))).Headers.Location!.ToString());

        var before = await person.ElsewhereAsync();
        await ProveAsync(person);
        await person.Browser.GetAsync("/account/password");
        Assert.Equal(HttpStatusCode.SeeOther, (await person.Browser.SubmitAsync(("password", "walnut-orbit-thimble-9"))).StatusCode);
        person.NextStep();
        Assert.Equal("/signin", (await before.SubmitAsync(("code", person.Code()))).Headers.Location!.ToString());
        using var nobody = new Browser(fixture.Hub.Address);
        Assert.Equal("/signin", (await nobody.GetAsync("/signin/code")).Headers.Location!.ToString());
    }

    [Fact]
    public async Task The_second_step_goes_on_to_the_application()
    {
        using var person = await GuardedAsync();
        var flow = Flow.SignedOut(fixture);
        var signIn = (await flow.AuthorizeAsync()).Headers.Location!.ToString();

        await flow.Browser.SignInAsync(person.Email, person.Password, signIn);
        Assert.StartsWith("/signin/code?request=", new Uri(fixture.Hub.Address, flow.Browser.Location).PathAndQuery, StringComparison.Ordinal);
        await flow.Browser.FollowAsync(await flow.Browser.SubmitAsync(("code", person.Code())));

        Assert.Contains("The client spa", flow.Browser.Page, StringComparison.Ordinal);
    }

    private async Task<Someone> GuardedAsync()
    {
        var person = await Someone.SignUpAsync(fixture);
        await person.AddAuthenticatorAsync();
        await person.MailAsync("security change");
        return person;
    }

    private static async Task<bool> TryAsync(Someone person, string code, string way = "")
    {
        using var browser = await person.ElsewhereAsync();
        await browser.GetAsync("/signin/code" + way);
        await browser.FollowAsync(await browser.SubmitAsync(("code", code)));
        return await Someone.IsSignedInAsync(browser);
    }

    private static async Task ProveAsync(Someone person)
    {
        await person.Browser.GetAsync("/reauthenticate");
        await person.Browser.SubmitAsync(("password", person.Password));
    }

    private static async Task RemoveAsync(Someone person)
    {
        await person.Browser.GetAsync("/account/authenticator");
        var token = person.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
        Assert.Equal("/account/security", (await person.Browser.PostAsync("/account/authenticator?handler=remove", ("__RequestVerificationToken", token))).Headers.Location!.ToString());
    }

    private Task<long> CountCodesAsync(Someone person) =>
        fixture.QueryAsync<long>("select count(*) from identity.recovery_codes c join identity.users u on u.id = c.user_id where email = $1 and used_at is null", person.Email);

    private static string TicketOf(string page) => WebUtility.HtmlDecode(page.Split("name=\"ticket\" type=\"hidden\" value=\"")[1].Split('"')[0]);

    private static string Anonymous(string page) => System.Text.RegularExpressions.Regex.Replace(page, "value=\"[^\"]*\"", "");

    private string Path(Browser browser) => new Uri(fixture.Hub.Address, browser.Location).AbsolutePath;
}
