using System.Net;
using System.Text.RegularExpressions;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The pages where a person enters a device's code and decides, rows V09 to V14.</summary>
[Collection(nameof(Devices))]
public sealed partial class DevicePageTests(DeviceFixture fixture)
{
    [Theory]
    [InlineData("WDJBMJHT", "WDJBMJHT")]
    [InlineData("wdjb-mjht", "WDJBMJHT")]
    [InlineData("  wd jb–mj.ht ", "WDJBMJHT")]
    [InlineData("WDJB-MJH", null)]
    [InlineData("WDJB-MJHTT", null)]
    [InlineData("ADJB-MJHT", null)]
    [InlineData("ẂDJB-MJHT", null)]
    [InlineData("W-D-J-B-M-J-H-T-----------------------", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void V10_A_code_is_read_however_it_is_written(string? typed, string? code) => Assert.Equal(code, UserCodes.Read(typed));

    [Fact]
    public async Task V10_Lower_case_spaces_and_dashes_do_not_matter()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);

        foreach (var typed in new[] { device.UserCode, device.Plain, $" {device.UserCode.ToLowerInvariant()} ", string.Join(' ', device.Plain.ToCharArray()) })
            await device.EnterAsync(person.Browser, typed);
    }

    [Fact]
    public async Task V10_Unknown_used_denied_and_expired_codes_are_answered_alike()
    {
        var person = await Flow.SignUpAsync(fixture);
        var (used, denied, expired) = (await Device.BeginAsync(fixture), await Device.BeginAsync(fixture), await Device.BeginAsync(fixture));
        await used.DecideAsync(person.Browser);
        await denied.DecideAsync(person.Browser, "deny");
        await expired.ExpireAsync();

        var answers = new List<string>();
        foreach (var code in new[] { used.UserCode, denied.UserCode, expired.UserCode, "WDJB-MJHT", "no code" })
        {
            await person.Browser.GetAsync("/device");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Browser.SubmitAsync(("code", code))).StatusCode);
            answers.Add(Value().Replace(person.Browser.Page, ""));
        }

        Assert.Single(answers.Distinct());
        Assert.Contains("is not known, was used, or is too old", answers[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task V09_An_account_tries_ten_codes_and_then_waits_also_with_the_right_one()
    {
        var (guesser, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var device = await Device.BeginAsync(fixture);
        await guesser.Browser.GetAsync("/device");

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => guesser.Browser.SubmitAsync(("code", "WDJB-MJHT"))));

        Assert.Equal(UserCodeThrottle.AtOnce, answers.Count(answer => answer.StatusCode == HttpStatusCode.UnprocessableEntity));
        Assert.Equal(30 - UserCodeThrottle.AtOnce, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        var right = await guesser.Browser.SubmitAsync(("code", device.UserCode));
        Assert.Equal((HttpStatusCode.TooManyRequests, "60"), (right.StatusCode, right.Headers.RetryAfter?.ToString()));
        await device.EnterAsync(other.Browser);
    }

    [Fact]
    public async Task V11_Without_its_antiforgery_token_nothing_is_entered_and_nothing_allowed()
    {
        var (person, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var device = await Device.BeginAsync(fixture);
        await Refusal.IsPageAsync(await person.Browser.PostAsync("/device", ("code", device.UserCode)));
        await device.EnterAsync(person.Browser);
        var confirmation = new Uri(person.Browser.Location).PathAndQuery;
        await other.Browser.GetAsync("/device");
        var foreign = other.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];

        await Refusal.IsPageAsync(await person.Browser.PostAsync(confirmation, ("decision", "allow")));
        await Refusal.IsPageAsync(await person.Browser.PostAsync(confirmation, ("decision", "allow"), ("__RequestVerificationToken", foreign)));

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending");
        await device.DecideAsync(person.Browser);
        await device.TokensAsync();
    }

    [Fact]
    public async Task V12_The_address_with_the_code_allows_nothing_and_looks_nothing_up()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);

        await person.Browser.GetAsync($"/device?user_code={device.UserCode}");

        var filledIn = person.Browser.Page;
        Assert.Contains($"value=\"{device.UserCode}\"", filledIn, StringComparison.Ordinal);
        Assert.DoesNotContain("The client cli", filledIn, StringComparison.Ordinal);
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending");
        await person.Browser.GetAsync("/device?user_code=WDJB-MJHT");
        Assert.Equal(Value().Replace(filledIn, ""), Value().Replace(person.Browser.Page, ""));

        await device.EnterAsync(person.Browser);

        Assert.Contains("The client cli", person.Browser.Page, StringComparison.Ordinal);
        Assert.Contains($">{device.UserCode}<", person.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("Use CodeZero Hub as you", person.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("Whoever sends you a code wants to use your account", person.Browser.Page, StringComparison.Ordinal);
        fixture.Clock.Advance(TimeSpan.FromSeconds(5));
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending"); // looking is no answer
    }

    [Fact]
    public async Task V13_Who_signs_in_between_the_code_and_the_answer_starts_over()
    {
        var (entered, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var device = await Device.BeginAsync(fixture);
        await device.EnterAsync(entered.Browser);
        var confirmation = new Uri(entered.Browser.Location).PathAndQuery;

        foreach (var person in new[] { other, entered }) // another account, and the same one signed in anew
        {
            await entered.Browser.GetAsync("/signout");
            await entered.Browser.SubmitAsync();
            Assert.StartsWith("/signin?returnUrl=%2Fdevice%2Fconfirm", (await entered.Browser.GetAsync(confirmation)).Headers.Location!.ToString(), StringComparison.Ordinal);
            await entered.Browser.SignInAsync(person.Email, Flow.Password);

            Assert.Equal("/device", (await entered.Browser.GetAsync(confirmation)).Headers.Location!.ToString());
            await entered.Browser.GetAsync("/device"); // a form of this session, sent to the address of the other's question
            Assert.Equal("/device", (await entered.Browser.SubmitToAsync(confirmation, ("decision", "allow"))).Headers.Location!.ToString());
            await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending", "slow_down");
        }
        await device.DecideAsync(entered.Browser);
        await device.TokensAsync();
    }

    [Fact]
    public async Task V14_A_script_in_the_code_is_text()
    {
        var person = await Flow.SignUpAsync(fixture);
        const string script = "<script>alert(1)</script>";

        await person.Browser.GetAsync($"/device?user_code={Uri.EscapeDataString("\">" + script)}");
        Assert.DoesNotContain(script, person.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", person.Browser.Page, StringComparison.Ordinal);
        await person.Browser.SubmitAsync(("code", "\">" + script));

        Assert.DoesNotContain(script, person.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", person.Browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_not_signed_in_signs_in_first_with_the_second_factor_too_and_comes_back()
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.AddAuthenticatorAsync();
        var device = await Device.BeginAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);

        await browser.FollowAsync(await browser.GetAsync($"/device?user_code={device.UserCode}"));
        await browser.FollowAsync(await browser.SubmitAsync(("Input.Email", person.Email), ("Input.Password", person.Password)));
        Assert.StartsWith("/signin", (await browser.GetAsync("/device")).Headers.Location!.ToString(), StringComparison.Ordinal); // the password alone is no sign-in
        await browser.GetAsync($"/signin/code?returnUrl={Uri.EscapeDataString($"/device?user_code={device.UserCode}")}");
        await browser.FollowAsync(await browser.SubmitAsync(("code", person.Code())));

        Assert.Contains($"value=\"{device.UserCode}\"", browser.Page, StringComparison.Ordinal);
        await device.DecideAsync(browser);
        Assert.Equal(["pwd", "otp", "mfa"], Jwt.Claims((await device.TokensAsync())["access_token"]!.GetValue<string>())["amr"]!.AsArray().Select(method => method!.GetValue<string>()));
    }

    [Fact]
    public async Task What_was_allowed_on_a_device_is_remembered_and_taken_back_like_any_other()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.DecideAsync(person.Browser);
        var tokens = await device.TokensAsync();

        await person.Browser.GetAsync("/account/applications");
        Assert.Contains("The client cli", person.Browser.Page, StringComparison.Ordinal);
        await person.Browser.SubmitAsync(("revoke", "cli"));

        await Refusal.IsJsonAsync(await device.Flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Fact]
    public async Task Of_two_people_who_answer_at_once_one_decides()
    {
        var (one, two) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var device = await Device.BeginAsync(fixture);
        await device.EnterAsync(one.Browser);
        await device.EnterAsync(two.Browser);

        var answers = await Task.WhenAll(new[] { one, two }.SelectMany(person => Enumerable.Repeat(person, 5)).Select(person => person.Browser.SubmitAsync(("decision", "allow"))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
        Assert.Equal(1, await fixture.QueryAsync<long>("select count(*) from identity.grants where user_id in ($1, $2)", one.UserId, two.UserId));
        await device.TokensAsync();
    }

    [Fact]
    public async Task A_question_that_waits_too_long_or_whose_client_may_no_longer_ask_is_over()
    {
        var person = await Flow.SignUpAsync(fixture);
        var (late, moved) = (await Device.BeginAsync(fixture), await Device.BeginAsync(fixture));
        await late.EnterAsync(person.Browser);
        await late.ExpireAsync();

        var confirmation = new Uri(person.Browser.Location).PathAndQuery;
        await Refusal.IsPageAsync(await person.Browser.SubmitAsync(("decision", "allow")));
        await Refusal.IsPageAsync(await person.Browser.GetAsync(confirmation));
        await moved.EnterAsync(person.Browser);
        await fixture.ExecuteAsync("update identity.device_authorizations set client_id = 'spa' where user_code = $1", moved.Plain);
        await Refusal.IsPageAsync(await person.Browser.SubmitAsync(("decision", "allow")));
        Assert.Equal(0, await fixture.QueryAsync<long>("select count(*) from identity.grants where user_id = $1", person.UserId));
    }

    [Fact]
    public async Task The_question_and_its_result_cannot_be_framed_or_kept_and_have_no_other_form()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.EnterAsync(person.Browser);
        var confirmation = new Uri(person.Browser.Location).PathAndQuery;

        foreach (var response in new[] { await person.Browser.GetAsync(confirmation), await person.Browser.SubmitAsync(("decision", "perhaps")), await person.Browser.GetAsync(confirmation) })
        {
            Assert.Contains("frame-ancestors 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("script", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.True(response.Headers.CacheControl!.NoStore);
        }
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending"); // neither of the two words
        foreach (var forged in new[] { "", "AAAA", confirmation.Split('=')[1][..^4] + "AAAA" })
            Assert.Equal("/device", (await person.Browser.GetAsync($"/device/confirm?request={forged}")).Headers.Location!.ToString());
    }

    [GeneratedRegex("value=\"[^\"]*\"")]
    private static partial Regex Value();
}
