using System.Text.Json.Nodes;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>What the Hub holds of a person, as a file for them.</summary>
public sealed class PersonExportTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Page = "/account/data/export";

    /// <summary>Each table that names a person, and where it is in the file; or why it is not.</summary>
    private static readonly Dictionary<string, string> Tables = new()
    {
        ["identity.sessions"] = "sessions",
        ["identity.user_passkeys"] = "passkeys",
        ["identity.consents"] = "applications",
        ["identity.grants"] = "connections",
        ["identity.memberships"] = "organizations",
        ["identity.personal_tokens"] = "tokens",
        ["identity.account_deletions"] = "deletion",
        ["identity.authenticators"] = "secondFactors",
        ["identity.recovery_codes"] = "secondFactors",
        ["identity.sso_links"] = "providers",
        ["identity.scim_users"] = "provisioned",
        ["identity.email_proofs"] = "not: hashes of links that were sent to the person's own address and live for a day",
        ["identity.passkey_ceremonies"] = "not: random numbers that live for minutes",
        ["identity.domain_joins"] = "not: that a domain of the organization let the person in is in its audit log",
        ["identity.user_claims"] = "not: nothing is ever written to it",
        ["identity.user_logins"] = "not: nothing is ever written to it",
        ["identity.user_tokens"] = "not: nothing is ever written to it",
    };

    [Fact]
    public async Task The_file_has_what_is_held_of_the_person_and_of_nobody_else()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        using var other = await PasskeyPerson.CreateAsync(fixture);
        await person.Flow.TokensAsync();

        var response = await person.Flow.Browser.GetAsync(Page);

        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        var file = JsonNode.Parse(text)!;
        Assert.Equal(person.Flow.Email, file["account"]!["email"]!.GetValue<string>());
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(person.Authenticator.CredentialId), Assert.Single(file["passkeys"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.NotEmpty(file["sessions"]!.AsArray());
        Assert.Equal("spa", Assert.Single(file["applications"]!.AsArray())!["clientId"]!.GetValue<string>());
        Assert.NotEmpty(file["connections"]!.AsArray());
        Assert.Equal("owner", Assert.Single(file["organizations"]!.AsArray())!["role"]!.GetValue<string>());
        Assert.NotNull(file["actions"]);
        Assert.DoesNotContain(other.Flow.Email, text, StringComparison.Ordinal);
        Assert.DoesNotContain(other.Flow.UserId.ToString(), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_secret_is_in_it_and_no_hash_of_one()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        var tokens = await person.Flow.TokensAsync();

        var text = await (await person.Flow.Browser.GetAsync(Page)).Content.ReadAsStringAsync();

        Assert.Contains(person.Flow.Email, text, StringComparison.Ordinal);
        foreach (var secret in new[]
        {
            await fixture.QueryAsync<string>("select password_hash from identity.users where id = $1", person.Flow.UserId),
            await fixture.QueryAsync<string>("select security_stamp from identity.users where id = $1", person.Flow.UserId),
            await fixture.QueryAsync<string>("select passkey_handle from identity.users where id = $1", person.Flow.UserId),
            tokens["refresh_token"]!.GetValue<string>(),
            person.Flow.Browser.Cookies["codezero-session"],
        })
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task U16_It_asks_for_a_proof_of_the_last_minutes()
    {
        var flow = await Flow.SignUpAsync(fixture);

        fixture.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.StartsWith("/reauthenticate", (await flow.Browser.GetAsync(Page)).Headers.Location?.ToString(), StringComparison.Ordinal);
        using var nobody = new Browser(fixture.Hub.Address);
        Assert.StartsWith("/signin", (await nobody.GetAsync(Page)).Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_table_that_names_a_person_is_in_the_file_or_says_why_not()
    {
        await using var connection = new NpgsqlConnection(fixture.Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select table_schema || '.' || table_name from information_schema.columns where column_name = 'user_id' and table_schema not in ('pg_catalog', 'information_schema')", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var tables = new List<string>();
        while (await reader.ReadAsync())
            tables.Add(reader.GetString(0));

        Assert.Equal(tables.Order(), Tables.Keys.Order());
    }
}
