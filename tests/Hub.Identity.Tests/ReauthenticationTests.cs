using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Hub.Identity.Features;
using CodeZero.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>What decides who gets in asks for a proof of the last minutes.</summary>
public sealed class ReauthenticationTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    public static TheoryData<string> SensitivePages => ["/account/password", "/account/email", "/account/authenticator", "/account/recovery-codes"];

    [Theory]
    [MemberData(nameof(SensitivePages))]
    public async Task U16_A_sensitive_page_is_not_opened_by_an_old_session_but_by_a_proof(string page)
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.AddAuthenticatorAsync();
        Assert.Equal(HttpStatusCode.OK, (await person.Browser.GetAsync(page)).StatusCode);
        fixture.Clock.Advance(TimeSpan.FromMinutes(10.5));

        var detour = (await person.Browser.GetAsync(page)).Headers.Location!.ToString();
        Assert.Equal($"/reauthenticate?returnUrl={Uri.EscapeDataString(page)}", detour);
        await person.Browser.GetAsync(detour);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Browser.SubmitAsync(("password", "a-wrong-password"))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await person.Browser.GetAsync(page)).StatusCode);
        await person.Browser.GetAsync(detour);
        Assert.Equal(page, (await person.Browser.SubmitAsync(("password", person.Password))).Headers.Location!.ToString());

        Assert.Equal(HttpStatusCode.OK, (await person.Browser.GetAsync(page)).StatusCode);
    }

    [Theory]
    [MemberData(nameof(SensitivePages))]
    public async Task U16_A_form_that_was_opened_in_time_and_sent_too_late_changes_nothing(string page)
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.AddAuthenticatorAsync();
        await person.Browser.GetAsync(page);
        var stamp = await StampAsync(person);
        fixture.Clock.Advance(TimeSpan.FromMinutes(10.5));

        var answer = await person.Browser.SubmitAsync(("password", "walnut-orbit-thimble-9"), ("email", Someone.NewEmail()), ("code", person.Code()));

        Assert.StartsWith("/reauthenticate", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(stamp, await StampAsync(person));
    }

    [Fact]
    public async Task U16_Removing_the_authenticator_asks_too()
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.AddAuthenticatorAsync();
        await person.Browser.GetAsync("/account/authenticator");
        fixture.Clock.Advance(TimeSpan.FromMinutes(10.5));

        var answer = await person.Browser.PostAsync("/account/authenticator?handler=remove", ("__RequestVerificationToken", Token(person.Browser)));

        Assert.StartsWith("/reauthenticate", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.True(await fixture.QueryAsync<bool>("select two_factor_enabled from identity.users where email = $1", person.Email));
    }

    [Fact]
    public async Task A_code_of_the_authenticator_is_a_proof_and_counts_when_wrong()
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.Browser.GetAsync("/reauthenticate");
        Assert.DoesNotContain("by=code", person.Browser.Page, StringComparison.Ordinal);
        await person.AddAuthenticatorAsync();
        fixture.Clock.Advance(TimeSpan.FromMinutes(10.5));

        await person.Browser.GetAsync("/reauthenticate?by=code&returnUrl=/account/password");
        Assert.Equal("/account/password", (await person.Browser.SubmitAsync(("code", person.Code()))).Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await person.Browser.GetAsync("/account/password")).StatusCode);
        await person.Browser.GetAsync("/reauthenticate?by=code");
        for (var i = 0; i < MailFixture.LockoutAttempts; i++)
            await person.Browser.SubmitAsync(("code", "000000"));
        person.NextStep();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Browser.SubmitAsync(("code", person.Code()))).StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task U05_A_proof_leads_to_no_foreign_address(string returnUrl)
    {
        using var person = await Someone.SignUpAsync(fixture);
        await person.Browser.GetAsync($"/reauthenticate?returnUrl={Uri.EscapeDataString(returnUrl)}");

        Assert.Equal("/account", (await person.Browser.SubmitAsync(("password", person.Password))).Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("/account")]
    [InlineData("/account/security")]
    [InlineData("/account/password")]
    [InlineData("/account/email")]
    [InlineData("/account/email/confirm?token=abc")]
    [InlineData("/account/authenticator")]
    [InlineData("/account/recovery-codes")]
    [InlineData("/reauthenticate")]
    public async Task Nobody_signed_in_is_led_to_the_sign_in_and_back(string page)
    {
        using var browser = new Browser(fixture.Hub.Address);

        Assert.Equal($"/signin?returnUrl={Uri.EscapeDataString(page)}", (await browser.GetAsync(page)).Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("/signup")]
    [InlineData("/signup/complete")]
    [InlineData("/forgot")]
    [InlineData("/reset")]
    [InlineData("/signin/code")]
    [InlineData("/reauthenticate")]
    [InlineData("/account")]
    [InlineData("/account/password")]
    [InlineData("/account/email")]
    [InlineData("/account/email/confirm")]
    [InlineData("/account/authenticator")]
    [InlineData("/account/authenticator?handler=remove")]
    [InlineData("/account/recovery-codes")]
    public async Task U03_No_form_is_taken_without_its_antiforgery_token_or_with_anothers(string page)
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var other = await Someone.SignUpAsync(fixture);
        var stamp = await StampAsync(person);
        await other.Browser.GetAsync("/account");
        (string, string)[] fields = [("password", "walnut-orbit-thimble-9"), ("email", Someone.NewEmail()), ("Input.Email", Someone.NewEmail()), ("name", "Mallory"), ("code", "000000")];

        var without = await person.Browser.PostAsync(page, fields);
        var anothers = await person.Browser.PostAsync(page, [.. fields, ("__RequestVerificationToken", Token(other.Browser))]);

        foreach (var answer in new[] { without, anothers })
            Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
        Assert.Equal(stamp, await StampAsync(person));
        Assert.True(await fixture.QueryAsync<bool>("select name is null from identity.users where email = $1", person.Email));
    }

    [Theory]
    [InlineData("/sent")]
    [InlineData("/forgot")]
    [InlineData("/reset/done")]
    [InlineData("/signin/code")]
    [InlineData("/reauthenticate")]
    [InlineData("/account")]
    [InlineData("/account/security")]
    [InlineData("/account/authenticator")]
    [InlineData("/account/recovery-codes")]
    public async Task U01_U02_Pages_of_the_account_cannot_be_framed_kept_or_named_to_others(string page)
    {
        using var person = await Someone.SignUpAsync(fixture);

        var response = await person.Browser.GetAsync(page);

        var policy = string.Join(';', response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain(" style=\"", person.Browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", person.Browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task U16_The_API_too_asks_for_a_sign_in_of_the_last_minutes()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubInstance.StartAsync(database, map: app => app.MapPost("/v1/probe", () => TypedResults.NoContent()).RequireAuthorization().RequireRecentSignIn());
        using var person = await TestPerson.SignUpAsync(hub);

        Assert.Equal(HttpStatusCode.NoContent, (await person.Client.PostAsync("/v1/probe", null)).StatusCode);
        await AgeAsync("9 minutes");
        Assert.Equal(HttpStatusCode.NoContent, (await person.Client.PostAsync("/v1/probe", null)).StatusCode);
        await AgeAsync("11 minutes"); // a new token of an old sign-in
        var refused = await person.Client.PostAsync("/v1/probe", null);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("reauthentication.required", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());

        async Task AgeAsync(string interval)
        {
            await using var connection = new Npgsql.NpgsqlConnection(database.Superuser);
            await connection.OpenAsync();
            foreach (var table in new[] { "grants", "sessions" })
            {
                await using var age = new Npgsql.NpgsqlCommand($"update identity.{table} set authenticated_at = now() - interval '{interval}'", connection);
                await age.ExecuteNonQueryAsync();
            }
            await person.RenewAsync();
        }
    }

    private Task<string> StampAsync(Someone person) => fixture.QueryAsync<string>("select security_stamp from identity.users where email = $1", person.Email);

    private static string Token(Browser browser) => browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
}
