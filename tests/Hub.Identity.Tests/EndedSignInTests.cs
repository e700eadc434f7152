using System.Net;
using System.Net.Http.Json;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>
/// Whoever was in somebody's account and is signed out while their request waits for the account's row: what they asked for must not be done under the stamp that signed them out.
/// And a browser that goes on after a change goes on in the sign-in that it had.
/// </summary>
public sealed class EndedSignInTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    private const string NewPassword = "walnut-orbit-thimble-9";
    private static readonly string[] Reading = ["apps.read"];

    /// <summary>What of an account decides who gets in.</summary>
    private const string Account = """
        select concat_ws('|', person.password_hash, person.email, person.two_factor_enabled,
            (select string_agg(encode(credential_id, 'hex') || (data->>'Name'), ',' order by credential_id) from identity.user_passkeys where user_id = person.id),
            (select string_agg(encode(hash, 'hex'), ',' order by hash) from identity.recovery_codes where user_id = person.id),
            (select count(*) from identity.authenticators where user_id = person.id),
            (select count(*) from identity.personal_tokens where user_id = person.id))
        from identity.users person where person.id = $1
        """;

    public static TheoryData<string> Changes => ["a token", "the password", "an authenticator", "no authenticator", "recovery codes", "a passkey", "another name of a passkey", "no passkey", "an address"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task U17_Who_is_signed_out_everywhere_while_a_change_waits_changes_nothing_and_stays_signed_out(string change)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var further = new SoftwareAuthenticator(fixture.Issuer);
        var browser = person.Flow.Browser;
        var send = await PrepareAsync(person, further, change);
        var before = await fixture.QueryAsync<string>(Account, person.Flow.UserId);

        await MeanwhileAsync("""
            with ended as (update identity.sessions set ended_at = now() where user_id = $1 and ended_at is null)
            update identity.users set security_stamp = 'another' where id = $1
            """, person.Flow.UserId, send);

        Assert.Equal(before, await fixture.QueryAsync<string>(Account, person.Flow.UserId));
        Assert.False(await Someone.IsSignedInAsync(browser));
        Assert.Equal(0L, await LiveAsync(person));
    }

    [Fact]
    public async Task O05_A_program_whose_sign_in_ends_while_it_waits_gets_no_token()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub, mail: fixture.Mail);

        using var answer = await MeanwhileAsync("update identity.users set security_stamp = 'another' where id = $1", person.UserId,
            () => person.Client.PostAsJsonAsync("/v1/me/tokens", new { name = "mine for a year", permissions = Reading }));

        await Task.FromResult(answer).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.personal_tokens where user_id = $1", person.UserId));
    }

    [Fact]
    public async Task U17_A_browser_that_is_signed_out_while_it_would_go_on_does_not()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var send = await PrepareAsync(person, person.Authenticator, "the password");

        await MeanwhileAsync("update identity.sessions set ended_at = now() where user_id = $1", person.Flow.UserId, send);

        Assert.False(await Someone.IsSignedInAsync(person.Flow.Browser));
        Assert.Equal(0L, await LiveAsync(person));
    }

    [Theory]
    [InlineData("the password", "{pwd}")]
    [InlineData("an authenticator", "{pwd,otp,mfa}")]
    [InlineData("no authenticator", "{pwd,otp,mfa}")]
    [InlineData("no passkey", "{pwd}")]
    [InlineData("an address", "{pwd}")]
    public async Task U16_Who_changes_the_account_goes_on_in_a_sign_in_as_old_as_it_was(string change, string amr)
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var further = new SoftwareAuthenticator(fixture.Issuer);
        var send = await PrepareAsync(person, further, change);
        await fixture.ExecuteAsync("""
            update identity.sessions set authenticated_at = authenticated_at - interval '2 hours', expires_at = expires_at - interval '2 hours', proved_at = proved_at - interval '5 minutes'
            where user_id = $1 and ended_at is null
            """, person.Flow.UserId);
        var before = await NewestAsync(person, "where ended_at is null and");

        await send();

        Assert.True(await Someone.IsSignedInAsync(person.Flow.Browser));
        Assert.NotEqual(before.Id, (await NewestAsync(person, "where ended_at is null and")).Id);
        Assert.Equal(before.Times, (await NewestAsync(person, "where ended_at is null and")).Times);
        Assert.Equal(amr, await fixture.QueryAsync<string>("select amr::text from identity.sessions where user_id = $1 order by id desc limit 1", person.Flow.UserId));
    }

    [Fact]
    public async Task U16_Removing_an_authenticator_that_is_not_there_makes_no_new_session()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var before = await NewestAsync(person, "where");
        await person.Flow.Browser.GetAsync("/account/authenticator");

        await person.Flow.Browser.SubmitToAsync("/account/authenticator?handler=remove");

        Assert.Equal(before, await NewestAsync(person, "where"));
        Assert.True(await Someone.IsSignedInAsync(person.Flow.Browser));
    }

    /// <summary>Opens the page of a change, and fills its form in; what then sends it.</summary>
    private async Task<Func<Task<HttpResponseMessage>>> PrepareAsync(PasskeyPerson person, SoftwareAuthenticator further, string change)
    {
        var (browser, edit) = (person.Flow.Browser, $"/account/security/passkeys/edit?id={System.Buffers.Text.Base64Url.EncodeToString(person.Authenticator.CredentialId)}");
        if (change is "no authenticator" or "recovery codes")
            await (await PrepareAsync(person, further, "an authenticator"))();
        switch (change)
        {
            case "a token":
                await browser.GetAsync("/account/tokens/new");
                return () => browser.SubmitAsync(("Name", "mine for a year"), ("Days", "366"), ("Permissions", "apps.read"));
            case "the password":
                await browser.GetAsync("/account/password");
                return () => browser.SubmitAsync(("password", NewPassword));
            case "an authenticator":
                await browser.GetAsync("/account/authenticator");
                var secret = OneTimeCodes.Read(browser.Page.Split("<code>")[1].Split('<')[0]);
                return () => browser.SubmitAsync(("code", OneTimeCodes.At(secret, fixture.Clock.GetUtcNow())));
            case "no authenticator":
                await browser.GetAsync("/account/authenticator");
                return () => browser.SubmitToAsync("/account/authenticator?handler=remove");
            case "recovery codes":
                await browser.GetAsync("/account/recovery-codes"); // shows those that were just made
                await browser.GetAsync("/account/recovery-codes");
                return () => browser.SubmitAsync();
            case "a passkey":
                await browser.GetAsync(PasskeyPerson.AddPage);
                return () => browser.SubmitPasskeyAsync(options => further.Create(options), ("Name", "mine"));
            case "another name of a passkey":
                await browser.GetAsync(edit);
                return () => browser.SubmitAsync(("action", "rename"), ("name", "mine"));
            case "no passkey":
                await browser.GetAsync(edit);
                return () => browser.SubmitAsync(("action", "remove"));
            default:
                var address = Someone.NewEmail();
                await browser.GetAsync("/account/email");
                await browser.SubmitAsync(("email", address));
                await browser.GetAsync((await fixture.Mail.WaitForAsync(address, "Confirm this address")).Link);
                return () => browser.SubmitAsync();
        }
    }

    /// <summary>Sends a request, and commits a statement once the request waits for what the statement has locked.</summary>
    private async Task<HttpResponseMessage> MeanwhileAsync(string sql, Guid userId, Func<Task<HttpResponseMessage>> send)
    {
        await using var connection = new NpgsqlConnection(fixture.Database.Superuser);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { new() { Value = userId } } };
        await command.ExecuteNonQueryAsync();
        var answer = send();
        await Eventually.HoldsAsync(async () => answer.IsCompleted
            || await fixture.QueryAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%identity.%'") > 0);
        Assert.False(answer.IsCompleted, "It did not wait.");
        await transaction.CommitAsync();
        return await answer;
    }

    private async Task<(Guid Id, string Times)> NewestAsync(PasskeyPerson person, string where)
    {
        var found = await fixture.QueryAsync<string>($"select concat_ws(' ', id, authenticated_at, proved_at, expires_at) from identity.sessions {where} user_id = $1 order by id desc limit 1", person.Flow.UserId);
        return (Guid.Parse(found[..36]), found[37..]);
    }

    private Task<long> LiveAsync(PasskeyPerson person) => fixture.QueryAsync<long>(
        "select count(*) from identity.sessions s join identity.users u on u.id = s.user_id and u.security_stamp = s.security_stamp where u.id = $1 and s.ended_at is null", person.Flow.UserId);
}
