using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Passkeys over HTTP, with an authenticator in software: rows U14 to U16.</summary>
public sealed class PasskeyTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    /// <summary>Each wrong in one way; WebAuthn Level 3 §7.2.</summary>
    public static TheoryData<string> WrongAnswers => ["origin", "origin with a path", "sub-domain", "relying party", "challenge", "type", "not present", "not verified", "cross-origin", "top origin",
        "backed up and not eligible", "eligible all of a sudden", "another key", "another handle", "no handle", "unknown credential"];

    [Fact]
    public async Task A_passkey_signs_in_by_itself_and_counts_as_two_factors()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);

        var (response, browser) = await person.SignInAsync();

        using (browser)
        {
            Assert.Equal("/", response.Headers.Location?.ToString());
            await browser.GetAsync("/account");
            Assert.Contains(person.Flow.Email, browser.Page, StringComparison.Ordinal);
        }
        Assert.Equal(["hwk", "mfa"], await fixture.QueryAsync<string[]>("select amr from identity.sessions where user_id = $1 order by id desc limit 1", person.Flow.UserId));
    }

    [Fact]
    public async Task A_passkey_leads_on_to_the_application_that_sent_the_person()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var flow = Flow.SignedOut(fixture);
        await flow.Browser.GetAsync((await flow.AuthorizeAsync()).Headers.Location!.ToString());

        await flow.Browser.FollowAsync(await flow.Browser.SubmitPasskeyAsync(options => person.Authenticator.Get(options)));

        Assert.Contains("The client spa", flow.Browser.Page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task U14_A_wrong_answer_signs_nobody_in(string wrong)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        Assert.True(await person.SignsInAsync());

        Assert.False(await person.SignsInAsync(ceremony => Spoil(ceremony, wrong, other)));

        Assert.True(await person.SignsInAsync());
    }

    [Theory]
    [InlineData("origin")]
    [InlineData("relying party")]
    [InlineData("challenge")]
    [InlineData("type")]
    [InlineData("not present")]
    [InlineData("not verified")]
    [InlineData("cross-origin")]
    [InlineData("top origin")]
    [InlineData("backed up and not eligible")]
    [InlineData("known credential")]
    public async Task U14_A_wrong_new_passkey_is_not_taken(string wrong)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        using var further = new SoftwareAuthenticator(fixture.Issuer);

        var response = await person.AddAsync(further, change: ceremony => Spoil(ceremony, wrong, other));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(1, await CountAsync(person));
        Assert.True(await other.SignsInAsync());
        Assert.Equal(HttpStatusCode.SeeOther, (await person.AddAsync(further)).StatusCode);
    }

    [Fact]
    public async Task U14_An_answer_is_good_once()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var (page, address, credential) = (browser.Page, browser.Location, person.Authenticator.Get(browser.PasskeyOptions));
        Assert.True(PasskeyPerson.IsSignedIn(await browser.SubmitAsync(("Passkey.Credential", credential)), browser));

        using var thief = new Browser(fixture.Hub.Address);
        foreach (var (name, value) in browser.Cookies.Where(cookie => !cookie.Key.EndsWith("session", StringComparison.Ordinal)))
            thief.Cookies[name] = value;
        await thief.GetAsync("/signin");
        var ceremony = page.Split("name=\"Passkey.Ceremony\" type=\"hidden\" value=\"")[1].Split('"')[0];

        Assert.False(PasskeyPerson.IsSignedIn(await thief.SubmitAsync(("Passkey.Ceremony", ceremony), ("Passkey.Credential", credential)), thief));
        Assert.False(PasskeyPerson.IsSignedIn(await thief.SubmitAsync(("Passkey.Credential", credential)), thief));
        Assert.NotEmpty(address);
    }

    [Fact]
    public async Task U14_A_wrong_answer_uses_its_prompt_up_too()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var (options, ceremony) = (browser.PasskeyOptions, browser.Page.Split("name=\"Passkey.Ceremony\" type=\"hidden\" value=\"")[1].Split('"')[0]);
        Assert.False(PasskeyPerson.IsSignedIn(await browser.SubmitAsync(("Passkey.Credential", person.Authenticator.Get(options, wrong => wrong.UserVerified = false))), browser));

        Assert.False(PasskeyPerson.IsSignedIn(await browser.SubmitAsync(("Passkey.Ceremony", ceremony), ("Passkey.Credential", person.Authenticator.Get(options))), browser));
    }

    [Fact]
    public async Task U14_Of_fifty_answers_to_one_prompt_one_signs_in()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var credential = person.Authenticator.Get(browser.PasskeyOptions);
        var before = await fixture.QueryAsync<long>("select count(*) from identity.sessions where user_id = $1", person.Flow.UserId);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => browser.SubmitAsync(("Passkey.Credential", credential))));

        Assert.Equal(before + 1, await fixture.QueryAsync<long>("select count(*) from identity.sessions where user_id = $1", person.Flow.UserId));
    }

    [Fact]
    public async Task U14_A_prompt_ends_after_a_quarter_of_an_hour()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var credential = person.Authenticator.Get(browser.PasskeyOptions);

        fixture.Clock.Advance(TimeSpan.FromMinutes(16));

        Assert.False(PasskeyPerson.IsSignedIn(await browser.SubmitAsync(("Passkey.Credential", credential)), browser));
    }

    [Theory]
    [InlineData(5u, 3u)]
    [InlineData(5u, 5u)]
    [InlineData(5u, 0u)]
    public async Task U14_A_counter_that_does_not_rise_is_a_copy(uint shown, uint thenShown)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture, counter: 1);
        Assert.True(await person.SignsInAsync(ceremony => ceremony.Counter = shown));

        Assert.False(await person.SignsInAsync(ceremony => ceremony.Counter = thenShown));

        Assert.True(await person.SignsInAsync(ceremony => ceremony.Counter = shown + 1));
    }

    [Fact]
    public async Task U14_Of_two_copies_that_show_the_same_counter_at_once_one_signs_in()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture, counter: 1);

        var signedIn = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => person.SignsInAsync(ceremony => ceremony.Counter = 7)));

        Assert.Single(signedIn, true);
    }

    [Fact]
    public async Task U14_A_prompt_for_one_purpose_or_person_takes_no_other_answer()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        using var further = new SoftwareAuthenticator(fixture.Issuer);

        // The other's prompt, answered in this person's browser.
        await other.Flow.Browser.GetAsync(PasskeyPerson.AddPage);
        var (options, ceremony) = (other.Flow.Browser.PasskeyOptions, other.Flow.Browser.Page.Split("name=\"Passkey.Ceremony\" type=\"hidden\" value=\"")[1].Split('"')[0]);
        await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Flow.Browser.SubmitAsync(("Passkey.Ceremony", ceremony), ("Passkey.Credential", further.Create(options)))).StatusCode);

        // A prompt for a new passkey, answered at the sign-in.
        await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage);
        ceremony = person.Flow.Browser.Page.Split("name=\"Passkey.Ceremony\" type=\"hidden\" value=\"")[1].Split('"')[0];
        var challenge = JsonNode.Parse(person.Flow.Browser.PasskeyOptions)!["challenge"]!.GetValue<string>();
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        var credential = person.Authenticator.Get(browser.PasskeyOptions, wrong => wrong.Challenge = challenge);
        Assert.False(PasskeyPerson.IsSignedIn(await browser.SubmitAsync(("Passkey.Ceremony", ceremony), ("Passkey.Credential", credential)), browser));
        Assert.Equal(1, await CountAsync(person));
        Assert.Equal(1, await CountAsync(other));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":7}""")]
    [InlineData("""{"id":"%%%"}""")]
    [InlineData("""{"id":"AAAA","rawId":"AAAA","type":"public-key"}""")]
    [InlineData("""{"id":"AAAA","rawId":"AAAA","type":"public-key","clientExtensionResults":{},"response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"AA","attestationObject":"gA"}}""")]
    public async Task What_is_no_credential_is_refused_and_nothing_breaks(string credential)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");
        await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("Passkey.Credential", credential))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Flow.Browser.SubmitAsync(("Passkey.Credential", credential))).StatusCode);
    }

    [Fact]
    public async Task What_is_too_long_for_a_credential_is_refused()
    {
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("Passkey.Credential", new string('a', 100_000)))).StatusCode);
    }

    [Fact]
    public async Task U15_The_relying_party_is_the_issuers_host_whatever_the_request_says()
    {
        await using var hub = await fixture.StartAsync(publicUrl: new Uri("https://localhost:8443"));
        using var browser = new Browser(hub.Address);

        using var spoofed = new HttpRequestMessage(HttpMethod.Get, "/signin") { Headers = { Host = "evil.example" } };
        var refused = await browser.SendAsync(spoofed);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/signin") { Headers = { Host = "localhost:8443" } };
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        await browser.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.DoesNotContain("evil.example", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("localhost", JsonNode.Parse(browser.PasskeyOptions)!["rpId"]!.GetValue<string>());
    }

    [Fact]
    public async Task U16_Adding_and_removing_ask_for_a_proof_of_the_last_minutes()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var edit = EditPage(person.Authenticator);
        using var further = new SoftwareAuthenticator(fixture.Issuer);
        await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage);
        var (add, address) = (person.Flow.Browser.Page, person.Flow.Browser.Location);
        var credential = further.Create(person.Flow.Browser.PasskeyOptions);

        fixture.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.StartsWith("/reauthenticate?", (await person.Flow.Browser.SubmitAsync(("Passkey.Credential", credential))).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("/reauthenticate?", (await person.Flow.Browser.GetAsync(edit)).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("/reauthenticate?", (await person.Flow.Browser.PostAsync(edit, ("action", "remove"), ("__RequestVerificationToken", add.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0]))).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(person));
        Assert.NotEmpty(address);
    }

    [Fact]
    public async Task A_passkey_is_such_a_proof()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        fixture.Clock.Advance(TimeSpan.FromMinutes(11));
        var detour = (await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage)).Headers.Location!.ToString();

        await person.Flow.Browser.GetAsync(detour);
        var anothers = await person.Flow.Browser.SubmitPasskeyAsync(options => other.Authenticator.Get(options));
        var own = await person.Flow.Browser.SubmitPasskeyAsync(options => person.Authenticator.Get(options));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, anothers.StatusCode);
        Assert.Equal(PasskeyPerson.AddPage, own.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.OK, (await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage)).StatusCode);
    }

    [Fact]
    public async Task Authenticators_learn_a_random_handle_and_no_identifier()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var further = new SoftwareAuthenticator(fixture.Issuer);
        Assert.Equal(HttpStatusCode.SeeOther, (await person.AddAsync(further)).StatusCode);

        var handle = Encoding.UTF8.GetString(person.Authenticator.UserHandle);

        Assert.Equal(43, handle.Length);
        Assert.Equal(person.Authenticator.UserHandle, further.UserHandle);
        Assert.Equal(person.Flow.Email, person.Authenticator.UserName);
        Assert.DoesNotContain(person.Flow.UserId.ToString("N"), handle, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_prompt_for_a_new_passkey_asks_for_what_the_Hub_needs()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        await person.Flow.Browser.GetAsync(PasskeyPerson.AddPage);
        var options = JsonNode.Parse(person.Flow.Browser.PasskeyOptions)!;

        Assert.Equal("required", options["authenticatorSelection"]!["userVerification"]!.GetValue<string>());
        Assert.Equal("required", options["authenticatorSelection"]!["residentKey"]!.GetValue<string>());
        Assert.Equal("none", options["attestation"]!.GetValue<string>());
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(person.Authenticator.CredentialId), Assert.Single(options["excludeCredentials"]!.AsArray())!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_passkey_keeps_whether_it_is_shared_by_devices()
    {
        using var shared = await PasskeyPerson.CreateAsync(fixture, backupEligible: true);
        using var single = await PasskeyPerson.CreateAsync(fixture);
        Assert.True(await shared.SignsInAsync());

        Assert.True(await FlagAsync(shared, "IsBackupEligible"));
        Assert.True(await FlagAsync(shared, "IsBackedUp"));
        Assert.False(await FlagAsync(single, "IsBackupEligible"));
        Assert.Equal(["swk", "mfa"], await fixture.QueryAsync<string[]>("select amr from identity.sessions where user_id = $1 order by id desc limit 1", shared.Flow.UserId));
        await shared.Flow.Browser.GetAsync("/account/security");
        Assert.Contains("shared by your devices", shared.Flow.Browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_passkey_has_the_name_its_person_gives_it()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var edit = EditPage(person.Authenticator);

        await person.Flow.Browser.GetAsync(edit);
        Assert.Equal(HttpStatusCode.SeeOther, (await person.Flow.Browser.SubmitAsync(("action", "rename"), ("name", "  <b>Blue\u0007 key</b> "))).StatusCode);
        await person.Flow.Browser.GetAsync("/account/security");

        Assert.Contains("<strong>&lt;b&gt;Blue key&lt;/b&gt;</strong>", person.Flow.Browser.Page, StringComparison.Ordinal);
        await person.Flow.Browser.GetAsync(edit);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Flow.Browser.SubmitAsync(("action", "rename"), ("name", " "))).StatusCode);
        Assert.True(await person.SignsInAsync());
    }

    [Fact]
    public async Task Nobody_changes_anothers_passkey()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        await person.Flow.Browser.GetAsync(EditPage(person.Authenticator));
        var token = person.Flow.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];

        await person.Flow.Browser.PostAsync(EditPage(other.Authenticator), ("action", "remove"), ("__RequestVerificationToken", token));

        Assert.Equal(1, await CountAsync(other));
        Assert.True(await other.SignsInAsync());
    }

    [Fact]
    public async Task U17_Removing_a_passkey_signs_out_everywhere_but_here()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var tokens = await person.Flow.TokensAsync();
        var (_, elsewhere) = await person.SignInAsync();
        var before = person.Flow.Browser.Cookies["codezero-session"];
        await person.Flow.Browser.GetAsync(EditPage(person.Authenticator));

        Assert.Equal("/account/security", (await person.Flow.Browser.SubmitAsync(("action", "remove"))).Headers.Location?.ToString());

        Assert.False(await person.SignsInAsync());
        Assert.Equal(HttpStatusCode.OK, (await person.Flow.Browser.GetAsync("/account/security")).StatusCode);
        Assert.NotEqual(before, person.Flow.Browser.Cookies["codezero-session"]);
        using (elsewhere)
            Assert.StartsWith("/signin", (await elsewhere.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await person.Flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
    }

    [Fact]
    public async Task U16_The_last_way_to_sign_in_is_not_removed()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        await fixture.ExecuteAsync("update identity.users set password_hash = null where id = $1", person.Flow.UserId);
        await person.Flow.Browser.GetAsync(EditPage(person.Authenticator));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Flow.Browser.SubmitAsync(("action", "remove"))).StatusCode);

        Assert.Contains("the only way to sign in", person.Flow.Browser.Page, StringComparison.Ordinal);
        Assert.True(await person.SignsInAsync());
    }

    [Fact]
    public async Task An_account_has_a_bounded_number_of_passkeys()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        await fixture.ExecuteAsync("insert into identity.user_passkeys (credential_id, user_id, data) select sha256(n::text::bytea || $1::text::bytea), p.user_id, p.data from identity.user_passkeys p, generate_series(1, 19) n where p.user_id = $1", person.Flow.UserId);
        using var further = new SoftwareAuthenticator(fixture.Issuer);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.AddAsync(further)).StatusCode);
        Assert.Contains("at most 20 passkeys", person.Flow.Browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disabled_accounts_passkey_signs_nobody_in_and_a_locked_passwords_does()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);

        await fixture.ExecuteAsync("update identity.users set lockout_end = now() + interval '1 day' where id = $1", person.Flow.UserId);
        Assert.True(await person.SignsInAsync()); // nobody guesses a passkey, and nobody may lock another out
        await fixture.ExecuteAsync("update identity.users set lockout_end = 'infinity' where id = $1", person.Flow.UserId);
        Assert.False(await person.SignsInAsync());
    }

    [Fact]
    public async Task U09_A_sign_in_by_passkey_has_a_new_session()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var before = person.Flow.Browser.Cookies["codezero-session"];
        await person.Flow.Browser.GetAsync((await person.Flow.AuthorizeAsync("prompt=login")).Headers.Location!.ToString());

        await person.Flow.Browser.SubmitPasskeyAsync(options => person.Authenticator.Get(options));

        Assert.NotEqual(before, person.Flow.Browser.Cookies["codezero-session"]);
        using var thief = new Browser(fixture.Hub.Address);
        thief.Cookies["codezero-session"] = before;
        Assert.StartsWith("/signin", (await thief.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    private static void Spoil(SoftwareAuthenticator.Ceremony ceremony, string wrong, PasskeyPerson other)
    {
        switch (wrong)
        {
            case "origin": ceremony.Origin = "https://evil.example"; break;
            case "origin with a path": ceremony.Origin += "/"; break;
            case "sub-domain": ceremony.Origin = ceremony.Origin.Replace("://", "://evil.", StringComparison.Ordinal); break;
            case "relying party": ceremony.RelyingParty = "evil.example"; break;
            case "challenge": ceremony.Challenge = System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)); break;
            case "type": ceremony.Type = ceremony.Type == "webauthn.get" ? "webauthn.create" : "webauthn.get"; break;
            case "not present": ceremony.UserPresent = false; break;
            case "not verified": ceremony.UserVerified = false; break;
            case "cross-origin": ceremony.CrossOrigin = true; break;
            case "top origin": ceremony.TopOrigin = "https://evil.example"; break;
            case "backed up and not eligible": (ceremony.BackupEligible, ceremony.BackedUp) = (false, true); break;
            case "eligible all of a sudden": ceremony.BackupEligible = true; break;
            case "another key": ceremony.Key = ECDsa.Create(ECCurve.NamedCurves.nistP256); break;
            case "another handle": ceremony.UserHandle = other.Authenticator.UserHandle; break;
            case "no handle": ceremony.UserHandle = null; break;
            case "unknown credential": ceremony.CredentialId = RandomNumberGenerator.GetBytes(32); break;
            case "known credential": ceremony.CredentialId = other.Authenticator.CredentialId; break;
            default: throw new ArgumentOutOfRangeException(nameof(wrong), wrong, "No such spoiling.");
        }
    }

    private static string EditPage(SoftwareAuthenticator authenticator) => $"/account/security/passkeys/edit?id={System.Buffers.Text.Base64Url.EncodeToString(authenticator.CredentialId)}";

    private Task<long> CountAsync(PasskeyPerson person) => fixture.QueryAsync<long>("select count(*) from identity.user_passkeys where user_id = $1", person.Flow.UserId);

    private Task<bool> FlagAsync(PasskeyPerson person, string flag) =>
        fixture.QueryAsync<bool>($"select (data->>'{flag}')::boolean from identity.user_passkeys where user_id = $1", person.Flow.UserId);
}
