using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Changing the password: by a link from the mail, and by who is signed in.</summary>
public sealed class PasswordTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    private const string NewPassword = "walnut-orbit-thimble-9";

    [Fact]
    public async Task U17_A_reset_password_ends_every_session_and_every_refresh_family_and_says_so_by_mail()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var tokens = await flow.TokensAsync();
        using var browser = new Browser(fixture.Hub.Address);

        await browser.GetAsync(await LinkAsync(flow.Email));
        var (done, _) = await browser.FollowAsync(await browser.SubmitAsync(("password", NewPassword)));

        Assert.Equal("/reset/done", done.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.False(await Someone.IsSignedInAsync(browser));
        Assert.False(await Someone.IsSignedInAsync(flow.Browser));
        await Refusal.IsJsonAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
        Assert.Contains("password was changed", (await fixture.Mail.WaitForAsync(flow.Email, "security change")).Text, StringComparison.Ordinal);
        await browser.SignInAsync(flow.Email, Flow.Password);
        Assert.False(await Someone.IsSignedInAsync(browser));
        await browser.SignInAsync(flow.Email, NewPassword);
        Assert.True(await Someone.IsSignedInAsync(browser));
    }

    [Fact]
    public async Task U13_A_reset_link_works_once()
    {
        using var person = await Someone.SignUpAsync(fixture);
        var link = await LinkAsync(person.Email);
        var browsers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            var browser = new Browser(fixture.Hub.Address);
            await browser.GetAsync(link); // which uses nothing up
            return browser;
        }));

        var answers = await Task.WhenAll(browsers.Select(browser => browser.SubmitAsync(("password", NewPassword))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
        foreach (var refused in answers.Where(answer => answer.StatusCode != HttpStatusCode.SeeOther))
            await Refusal.IsPageAsync(refused);
        await Refusal.IsPageAsync(await browsers[0].GetAsync(link));
    }

    [Theory]
    [InlineData("an hour passed")]
    [InlineData("the password was changed")]
    [InlineData("the address was changed")]
    [InlineData("an authenticator was added")]
    public async Task U13_A_reset_link_is_no_good_any_more_when(string what)
    {
        using var person = await Someone.SignUpAsync(fixture);
        var link = await LinkAsync(person.Email);
        using var browser = new Browser(fixture.Hub.Address);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(link)).StatusCode);

        switch (what)
        {
            case "an hour passed":
                fixture.Clock.Advance(TimeSpan.FromMinutes(61));
                break;
            case "the password was changed":
                await person.Browser.GetAsync("/account/password");
                Assert.Equal("/account/security", (await person.Browser.SubmitAsync(("password", NewPassword))).Headers.Location!.ToString());
                break;
            case "the address was changed":
                await person.Browser.GetAsync("/account/email");
                var address = Someone.NewEmail();
                await person.Browser.SubmitAsync(("email", address));
                await person.Browser.GetAsync((await person.MailAsync("Confirm this address", address)).Link);
                Assert.Equal("/account", (await person.Browser.SubmitAsync()).Headers.Location!.ToString());
                break;
            default:
                await person.AddAuthenticatorAsync();
                break;
        }

        await Refusal.IsPageAsync(await browser.SubmitAsync(("password", "orchid-gravel-sonnet-7")));
        await Refusal.IsPageAsync(await browser.GetAsync(link));
    }

    [Fact]
    public async Task U13_A_link_is_for_its_own_account_and_its_own_purpose()
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var other = await Someone.SignUpAsync(fixture);
        var token = TestAccount.TokenIn(await LinkAsync(person.Email));

        await Refusal.IsPageAsync(await other.Browser.GetAsync($"/account/email/confirm?token={token}"));
        await Refusal.IsPageAsync(await other.Browser.GetAsync($"/signup/complete?token={token}"));
        await other.Browser.GetAsync($"/reset?token={token}&email={other.Email}&userId=1"); // signed in as somebody else, and naming them
        await other.Browser.SubmitAsync(("password", NewPassword), ("email", other.Email));

        Assert.True(await Someone.IsSignedInAsync(other.Browser));
        Assert.True(await Someone.IsSignedInAsync(await other.ElsewhereAsync()));
        person.Password = NewPassword;
        Assert.True(await Someone.IsSignedInAsync(await person.ElsewhereAsync()));
    }

    [Fact]
    public async Task A_refused_password_leaves_the_link_good()
    {
        using var person = await Someone.SignUpAsync(fixture, "Zwetschgenmus GmbH");
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync(await LinkAsync(person.Email));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("password", "Zwetschgenmus-2026"))).StatusCode);
        Assert.Contains("organization", browser.Page, StringComparison.Ordinal);
        Assert.Equal("/reset/done", (await browser.SubmitAsync(("password", NewPassword))).Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_reset_ends_a_lock_for_wrong_passwords_but_not_one_that_guards_a_second_factor()
    {
        using var plain = await Someone.SignUpAsync(fixture);
        using var guarded = await Someone.SignUpAsync(fixture);
        await guarded.AddAuthenticatorAsync();
        foreach (var person in new[] { plain, guarded })
        {
            for (var i = 0; i < MailFixture.LockoutAttempts; i++)
                await new Browser(fixture.Hub.Address).SignInAsync(person.Email, "a-wrong-password");
            using var browser = new Browser(fixture.Hub.Address);
            await browser.GetAsync(await LinkAsync(person.Email));
            Assert.Equal("/reset/done", (await browser.SubmitAsync(("password", NewPassword))).Headers.Location!.ToString());
            person.Password = NewPassword;
        }

        Assert.True(await Someone.IsSignedInAsync(await plain.ElsewhereAsync()));
        var locked = await guarded.ElsewhereAsync();
        Assert.Equal("/signin", new Uri(fixture.Hub.Address, locked.Location).AbsolutePath);
        fixture.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("/signin/code", new Uri(fixture.Hub.Address, (await guarded.ElsewhereAsync()).Location).AbsolutePath); // and the second factor is still asked for
    }

    [Fact]
    public async Task U17_A_changed_password_ends_the_other_sessions_and_families_and_not_this_one()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var tokens = await flow.TokensAsync();
        using var elsewhere = new Browser(fixture.Hub.Address);
        await elsewhere.SignInAsync(flow.Email, Flow.Password);
        var cookie = flow.Browser.Cookies["codezero-session"];

        await flow.Browser.GetAsync("/account/password");
        await flow.Browser.FollowAsync(await flow.Browser.SubmitAsync(("password", NewPassword)));

        Assert.Contains("The password is changed", flow.Browser.Page, StringComparison.Ordinal);
        Assert.NotEqual(cookie, flow.Browser.Cookies["codezero-session"]);
        Assert.True(await Someone.IsSignedInAsync(flow.Browser));
        Assert.False(await Someone.IsSignedInAsync(elsewhere));
        await Refusal.IsJsonAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
        await fixture.Mail.WaitForAsync(flow.Email, "security change");
        await flow.Browser.GetAsync("/account/security");
        Assert.DoesNotContain("The password is changed", flow.Browser.Page, StringComparison.Ordinal); // said once
    }

    [Fact]
    public async Task A_code_under_way_dies_with_the_password_it_was_given_under()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var code = await flow.CodeAsync();

        await flow.Browser.GetAsync("/account/password");
        await flow.Browser.SubmitAsync(("password", NewPassword));

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");
    }

    private async Task<string> LinkAsync(string email)
    {
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/forgot");
        Assert.Equal("/sent", (await browser.SubmitAsync(("email", email))).Headers.Location!.ToString());
        return (await fixture.Mail.WaitForAsync(email, "Choose a new password")).Link;
    }
}
