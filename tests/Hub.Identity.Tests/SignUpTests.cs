using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Making an account: the address, the link that is sent there, the password.</summary>
public sealed partial class SignUpTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    [Fact]
    public async Task Signing_up_proves_the_address_signs_in_and_goes_on_to_the_application()
    {
        var (email, flow) = (Someone.NewEmail(), Flow.SignedOut(fixture));
        var signIn = (await flow.AuthorizeAsync()).Headers.Location!.ToString();
        await flow.Browser.GetAsync(signIn.Replace("/signin", "/signup", StringComparison.Ordinal));
        await flow.Browser.FollowAsync(await flow.Browser.SubmitAsync(("Input.Email", $" {email} ")));
        Assert.Contains(email, flow.Browser.Page, StringComparison.Ordinal);
        Assert.False(await Someone.IsSignedInAsync(flow.Browser));

        var message = await fixture.Mail.WaitForAsync(email);
        await flow.Browser.GetAsync(message.Link);
        await flow.Browser.FollowAsync(await flow.Browser.SubmitAsync(("Input.Password", Flow.Password), ("Input.Organization", "<b>Bold & Co</b>")));
        Assert.Contains("The client spa", flow.Browser.Page, StringComparison.Ordinal);
        var answer = await flow.Browser.SubmitAsync(("decision", "allow"));

        Assert.True(message.WasEncrypted);
        Assert.Contains("code=", answer.Headers.Location!.Query, StringComparison.Ordinal);
        await flow.Browser.GetAsync("/");
        Assert.Contains("&lt;b&gt;Bold &amp; Co&lt;/b&gt;", flow.Browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", flow.Browser.Page, StringComparison.Ordinal);
        Assert.True(await fixture.QueryAsync<bool>("select email_confirmed from identity.users where email = $1", email));
        Assert.Empty(fixture.Mail.Violations);
    }

    [Theory]
    [InlineData("/signup", "Input.Email")]
    [InlineData("/forgot", "email")]
    public async Task U07_Who_names_an_address_on_a_page_does_not_learn_whether_it_has_an_account(string page, string field)
    {
        using var known = await Someone.SignUpAsync(fixture);
        var unknown = Someone.NewEmail();

        var first = await AskAsync(known.Email);
        var second = await AskAsync(unknown);
        var upper = await AskAsync(known.Email.ToUpperInvariant());

        Assert.Equal(first, second);
        Assert.Equal(first, upper);
        // Only who reads the address's mail learns it; and there is one message for each.
        Assert.NotEqual((await known.MailAsync("")).Subject, (await fixture.Mail.WaitForAsync(unknown)).Subject);
        await known.MailAsync("");

        async Task<string> AskAsync(string email)
        {
            using var browser = new Browser(fixture.Hub.Address);
            await browser.GetAsync(page);
            var answer = await browser.SubmitAsync((field, email));
            var next = await browser.GetAsync(answer.Headers.Location!.ToString());
            return string.Join('\n', Describe(answer), Describe(next), Anonymous(browser.Page, email), string.Join(',', browser.Cookies.Keys.Order()));
        }
    }

    [Fact]
    public async Task U07_Who_names_an_address_to_the_API_does_not_learn_whether_it_has_an_account()
    {
        using var known = await Someone.SignUpAsync(fixture);
        using var client = fixture.Hub.CreateClient();
        var unknown = Someone.NewEmail();

        var answers = new List<string>();
        foreach (var email in new[] { known.Email, unknown, known.Email.ToUpperInvariant() })
        {
            using var answer = await client.PostAsJsonAsync("/v1/signup", new { email });
            answers.Add(Describe(answer) + Anonymous(await answer.Content.ReadAsStringAsync(), email));
        }

        Assert.Single(answers.Distinct());
        Assert.StartsWith("Accepted", answers[0], StringComparison.Ordinal);
        Assert.Contains("You have an account", (await known.MailAsync("")).Subject, StringComparison.Ordinal);
        Assert.Contains("Finish", (await fixture.Mail.WaitForAsync(unknown)).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task U07_An_address_gets_five_messages_an_hour_and_the_sixth_request_is_answered_the_same()
    {
        using var client = fixture.Hub.CreateClient();
        var email = Someone.NewEmail();

        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
            answers.Add(await (await client.PostAsJsonAsync("/v1/signup", new { email })).Content.ReadAsStringAsync());
        var later = Someone.NewEmail();
        await client.PostAsJsonAsync("/v1/signup", new { email = later });
        await fixture.Mail.WaitForAsync(later);

        Assert.Single(answers.Distinct());
        Assert.Equal(5, fixture.Mail.Received.Count(message => message.To == email));
    }

    [Fact]
    public async Task U13_A_link_makes_one_account_however_often_it_is_used_at_once()
    {
        var email = Someone.NewEmail();
        var token = await AskAsync(email);
        using var client = fixture.Hub.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.PostAsJsonAsync("/v1/signup/complete", new { token, password = Flow.Password, organization = $"Raced {i}" })));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        foreach (var refused in answers.Where(answer => answer.StatusCode != HttpStatusCode.Created))
            Assert.Equal((HttpStatusCode.Gone, "signup.link_gone"), (refused.StatusCode, (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()));
        Assert.Equal(1, await fixture.QueryAsync<long>("select count(*) from identity.users where email = $1", email));
    }

    [Fact]
    public async Task U13_Of_two_links_to_one_address_the_second_is_gone_with_the_account_of_the_first()
    {
        var email = Someone.NewEmail();
        var (first, second) = (await AskAsync(email), await AskAsync(email.ToUpperInvariant()));
        using var client = fixture.Hub.CreateClient();

        Assert.Equal(HttpStatusCode.Created, (await client.PostAsJsonAsync("/v1/signup/complete", new { token = first, password = Flow.Password })).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await client.PostAsJsonAsync("/v1/signup/complete", new { token = second, password = Flow.Password })).StatusCode);
    }

    [Fact]
    public async Task U13_A_link_is_not_used_up_by_looking_at_it_and_ends_after_a_day()
    {
        var token = await AskAsync(Someone.NewEmail());
        using var browser = new Browser(fixture.Hub.Address);

        for (var i = 0; i < 3; i++) // a mail program that opens links to look for dangers
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/signup/complete?token={token}")).StatusCode);
        fixture.Clock.Advance(TimeSpan.FromHours(24.1));

        await Refusal.IsPageAsync(await browser.GetAsync($"/signup/complete?token={token}"), token);
        await Refusal.IsPageAsync(await browser.SubmitAsync(("Input.Password", Flow.Password)), token);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?token=")]
    [InlineData("?token=short")]
    [InlineData("?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("?token=%00AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task U13_A_link_that_never_was_is_refused(string query)
    {
        using var browser = new Browser(fixture.Hub.Address);

        foreach (var page in new[] { "/signup/complete", "/reset" })
            await Refusal.IsPageAsync(await browser.GetAsync(page + query));
    }

    [Theory]
    [InlineData("no-address")]
    [InlineData("a@b")]
    [InlineData("a b@example.com")]
    [InlineData("a@exa\0mple.com")]
    [InlineData("a@example.com\r\nBcc: b@example.com")]
    [InlineData("")]
    public async Task What_is_no_address_is_refused_by_its_form_alone(string email)
    {
        using var client = fixture.Hub.CreateClient();

        var response = await client.PostAsJsonAsync("/v1/signup", new { email });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("email", Assert.Single((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateObject()).Name);
    }

    [Theory]
    [InlineData("password", "short", "Org")]
    [InlineData("password", "Passw0rd!2024", "Org")]
    [InlineData("password", "sturdy-lantern\0-meadow", "Org")]
    [InlineData("password", "Zwetschgenmus-2026", "Zwetschgenmus GmbH")]
    [InlineData("organization", "sturdy-lantern-meadow-42", "two\nlines")]
    [InlineData("organization", "sturdy-lantern-meadow-42", "---")]
    public async Task What_is_wrong_is_named_nothing_is_made_and_the_link_stays_good(string field, string password, string organization)
    {
        var token = await AskAsync(Someone.NewEmail());
        using var client = fixture.Hub.CreateClient();

        var response = await client.PostAsJsonAsync("/v1/signup/complete", new { token, password, organization });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(field, Assert.Single(JsonDocument.Parse(body).RootElement.GetProperty("errors").EnumerateObject()).Name);
        Assert.DoesNotContain(password, body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await client.PostAsJsonAsync("/v1/signup/complete", new { token, password = Flow.Password, organization = "Org" })).StatusCode);
    }

    [Fact]
    public async Task A_weak_password_is_explained_on_the_page_and_not_sent_back()
    {
        var token = await AskAsync(Someone.NewEmail());
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync($"/signup/complete?token={token}");

        var response = await browser.SubmitAsync(("Input.Password", "Password-1234"), ("Input.Organization", ""));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains("attackers try first", browser.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("Password-1234", browser.Page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    public async Task U05_A_message_leads_to_no_foreign_address(string returnUrl)
    {
        var email = Someone.NewEmail();
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync($"/signup?returnUrl={returnUrl}");
        await browser.SubmitAsync(("Input.Email", email));

        var message = await fixture.Mail.WaitForAsync(email);

        Assert.DoesNotContain("evil", message.Text, StringComparison.Ordinal);
        Assert.StartsWith("/signup/complete?token=", message.Link, StringComparison.Ordinal);
        Assert.Contains(fixture.Issuer + "/signup/complete", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_mail_server_the_development_outbox_is_not_there()
    {
        using var browser = new Browser(fixture.Hub.Address);

        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/dev/outbox")).StatusCode);
    }

    private async Task<string> AskAsync(string email)
    {
        using var client = fixture.Hub.CreateClient();
        (await client.PostAsJsonAsync("/v1/signup", new { email })).EnsureSuccessStatusCode();
        return TestAccount.TokenIn((await fixture.Mail.WaitForAsync(email)).Text);
    }

    /// <summary>Status and headers, without what differs from one answer to the next.</summary>
    private static string Describe(HttpResponseMessage response) => $"{response.StatusCode} " + string.Join(' ', response.Headers.Concat(response.Content.Headers)
        .Where(header => header.Key is not ("Date" or "RateLimit-Remaining" or "RateLimit-Reset" or "Set-Cookie" or "Content-Length")).Select(header => $"{header.Key}={string.Join(',', header.Value)}").Order());

    private static string Anonymous(string page, string email) => Values().Replace(page.Replace(email, "(the address)", StringComparison.OrdinalIgnoreCase), "");

    [GeneratedRegex("value=\"[^\"]*\"")]
    private static partial Regex Values();
}
