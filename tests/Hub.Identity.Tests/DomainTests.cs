using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Domains of organizations, shown by DNS.</summary>
public sealed class DomainTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    [Fact]
    public async Task A_domain_is_verified_by_the_record_the_claim_names()
    {
        using var owner = await fixture.SignUpAsync();
        var claimed = await ClaimAsync(owner, "Verified.Example");
        Assert.Equal(("verified.example", "_codezero-challenge.verified.example"), (claimed.Text("name"), claimed.GetProperty("record").Text("name")));
        await VerifyAsync(owner, "verified.example").RefusedAsync(HttpStatusCode.Conflict, "domain.record_missing");
        fixture.Dns.Texts["_codezero-challenge.verified.example"] = ["v=spf1 -all", claimed.GetProperty("record").Text("text")!];

        var verified = await VerifyAsync(owner, "verified.example").JsonAsync();

        Assert.Equal(JsonValueKind.String, verified.GetProperty("verifiedAt").ValueKind);
        Assert.Equal(claimed.GetProperty("record").GetRawText(), (await owner.Client.PostAsJsonAsync(Domains(owner), new { name = "verified.example" }).JsonAsync()).GetProperty("record").GetRawText());
        Assert.Equal(["domain.verified", "domain.claimed"], await ActionsAsync(owner, "verified.example"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("exa mple.com")]
    [InlineData("a..b")]
    [InlineData("http://example.com")]
    [InlineData("-a.example")]
    [InlineData("192.0.2.1")]
    [InlineData("person@example.com")]
    [InlineData("exa\0mple.com")]
    [InlineData("*.example.com")]
    public async Task What_is_no_domain_is_refused(string name)
    {
        using var owner = await fixture.SignUpAsync();

        await owner.Client.PostAsJsonAsync(Domains(owner), new { name }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Theory]
    [InlineData("Example.COM.", "example.com")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("sub.example.co.uk", "sub.example.co.uk")]
    public void A_domain_has_one_spelling(string written, string name) => Assert.Equal(name, DomainName.Normalize(written));

    [Fact]
    public async Task O04_A_domain_that_another_organization_verified_is_not_to_be_had()
    {
        using var first = await fixture.SignUpAsync();
        using var second = await fixture.SignUpAsync();
        await VerifiedAsync(first, "taken.example");
        await PublishAsync(second, "taken.example");

        await VerifyAsync(second, "taken.example").RefusedAsync(HttpStatusCode.Conflict, "domain.taken");

        await first.Client.DeleteAsync($"{Domains(first)}/taken.example").JsonAsync(HttpStatusCode.NoContent);
        await VerifyAsync(second, "taken.example").JsonAsync();
    }

    [Fact]
    public async Task O04_Of_ten_organizations_that_show_a_domain_at_once_one_has_it()
    {
        var owners = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => fixture.SignUpAsync()));
        foreach (var owner in owners)
            await PublishAsync(owner, "raced.example");

        var answers = await Task.WhenAll(owners.Select(owner => VerifyAsync(owner, "raced.example")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        Array.ForEach(owners, owner => owner.Dispose());
    }

    [Fact]
    public async Task O04_Nobody_joins_by_a_domain_that_is_not_verified()
    {
        using var owner = await fixture.SignUpAsync();
        await ClaimAsync(owner, "unverified.example");
        var address = $"{Domains(owner)}/unverified.example";

        await owner.Client.ChangeAsync(HttpMethod.Put, address, new { joinRole = "viewer" }).RefusedAsync(HttpStatusCode.Conflict, "domain.not_verified");

        using var person = await ConfirmedAsync("unverified.example");
        await SignInAsync(person);
        await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Who_has_a_confirmed_address_of_a_verified_domain_joins_once_and_not_again()
    {
        using var owner = await fixture.SignUpAsync();
        await VerifiedAsync(owner, "joining.example");
        await owner.Client.ChangeAsync(HttpMethod.Put, $"{Domains(owner)}/joining.example", new { joinRole = "developer" }).JsonAsync();
        using var unconfirmed = await AddressedAsync("joining.example");
        await SignInAsync(unconfirmed);
        await unconfirmed.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        using var elsewhere = await ConfirmedAsync("sub.joining.example");
        await SignInAsync(elsewhere);
        await elsewhere.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");

        using var person = await ConfirmedAsync("JOINING.example");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => SignInAsync(person)));

        Assert.Equal("developer", (await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync()).Text("role"));
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/members/{person.UserId}").JsonAsync(HttpStatusCode.NoContent);
        await SignInAsync(person);
        await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(["member.removed", "member.added"], await ActionsAsync(owner, person.UserId.ToString()));
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("owner")]
    [InlineData("billing")]
    public async Task Nobody_joins_in_a_role_that_is_given_by_name(string role)
    {
        using var owner = await fixture.SignUpAsync();
        var name = $"{role}.roles.example";
        await VerifiedAsync(owner, name);

        await owner.Client.ChangeAsync(HttpMethod.Put, $"{Domains(owner)}/{name}", new { joinRole = role }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task A_domain_counts_no_longer_when_its_record_was_missing_for_a_week()
    {
        using var owner = await fixture.SignUpAsync();
        await VerifiedAsync(owner, "lapsing.example");
        await owner.Client.ChangeAsync(HttpMethod.Put, $"{Domains(owner)}/lapsing.example", new { joinRole = "viewer" }).JsonAsync();
        fixture.Dns.Texts.TryRemove("_codezero-challenge.lapsing.example", out _);

        await RecheckAsync();
        var missing = await owner.Client.GetAsync($"{Domains(owner)}/lapsing.example").JsonAsync();
        Assert.NotEqual(JsonValueKind.Null, missing.GetProperty("verifiedAt").ValueKind);
        Assert.NotEqual(JsonValueKind.Null, missing.GetProperty("missingSince").ValueKind);
        await fixture.ExecuteAsync("update identity.domains set missing_since = missing_since - interval '8 days' where name = 'lapsing.example'");
        await RecheckAsync();

        var lapsed = await owner.Client.GetAsync($"{Domains(owner)}/lapsing.example").JsonAsync();
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (lapsed.GetProperty("verifiedAt").ValueKind, lapsed.GetProperty("joinRole").ValueKind));
        Assert.Equal("domain.lapsed", (await ActionsAsync(owner, "lapsing.example"))[0]);
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        Assert.False(await scope.ServiceProvider.GetRequiredService<IdentityDb>().VerifiedDomains.AnyAsync(domain => domain.Name == "lapsing.example"));
    }

    [Fact]
    public async Task A_domain_whose_servers_do_not_answer_keeps_what_it_has()
    {
        using var owner = await fixture.SignUpAsync();
        await VerifiedAsync(owner, "silent.example");
        fixture.Dns.Code = 2;
        try
        {
            await RecheckAsync();
            await VerifyAsync(owner, "silent.example").RefusedAsync(HttpStatusCode.Conflict, "domain.undecided");
        }
        finally
        {
            fixture.Dns.Code = 0;
        }

        var domain = await owner.Client.GetAsync($"{Domains(owner)}/silent.example").JsonAsync();
        Assert.Equal((JsonValueKind.String, JsonValueKind.Null), (domain.GetProperty("verifiedAt").ValueKind, domain.GetProperty("missingSince").ValueKind));
    }

    private static string Domains(TestPerson owner) => $"/v1/orgs/{owner.Slug}/domains";

    private static Task<JsonElement> ClaimAsync(TestPerson owner, string name) => owner.Client.PostAsJsonAsync(Domains(owner), new { name }).JsonAsync(HttpStatusCode.Created);

    private static Task<HttpResponseMessage> VerifyAsync(TestPerson owner, string name) => owner.Client.PostAsync($"{Domains(owner)}/{name}/verification", null);

    private async Task PublishAsync(TestPerson owner, string name)
    {
        var record = (await ClaimAsync(owner, name)).GetProperty("record");
        fixture.Dns.Texts.AddOrUpdate(record.Text("name")!, [record.Text("text")!], (_, texts) => [.. texts, record.Text("text")!]);
    }

    private async Task VerifiedAsync(TestPerson owner, string name)
    {
        await PublishAsync(owner, name);
        await VerifyAsync(owner, name).JsonAsync();
    }

    /// <summary>A person with an address of the domain, not confirmed.</summary>
    private async Task<TestPerson> AddressedAsync(string domain)
    {
        var person = await fixture.SignUpAsync();
        var email = $"{Guid.CreateVersion7():N}@{domain}";
        await fixture.ExecuteAsync("update identity.users set email = $2, normalized_email = upper($2), user_name = $2, normalized_user_name = upper($2), email_confirmed = false where id = $1", person.UserId, email);
        return person;
    }

    private async Task<TestPerson> ConfirmedAsync(string domain)
    {
        var person = await AddressedAsync(domain);
        await fixture.ExecuteAsync("update identity.users set email_confirmed = true where id = $1", person.UserId);
        return person;
    }

    private async Task SignInAsync(TestPerson person)
    {
        using var browser = new Browser(fixture.Hub.Address);
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        var email = await scope.ServiceProvider.GetRequiredService<IdentityDb>().Users.Where(row => row.Id == person.UserId).Select(row => row.Email).SingleAsync();
        await browser.SignInAsync(email!, TestPerson.Password);
    }

    private async Task RecheckAsync()
    {
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<CheckDomains>().RunAsync(CancellationToken.None);
    }

    private static async Task<List<string?>> ActionsAsync(TestPerson owner, string target) =>
        [.. (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?target={target}").JsonAsync()).Items().Select(entry => entry.Text("action"))];
}
