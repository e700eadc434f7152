using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Invitations, from the message to the membership.</summary>
public sealed class InvitationTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    [Fact]
    public async Task Who_confirmed_the_invited_address_joins_in_the_offered_role()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        var sent = await InviteAsync(owner, person.Email, "developer");
        Assert.Equal(("pending", person.Email, "developer"), (sent.Text("state"), sent.Text("email"), sent.Text("role")));

        var joined = await AcceptAsync(person, await TokenAsync(person.Email)).JsonAsync();

        Assert.Equal((owner.Slug, "developer"), (joined.Text("slug"), joined.Text("role")));
        Assert.Equal("developer", (await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync()).Text("role"));
        Assert.Equal("accepted", (await owner.Client.GetAsync($"{Invitations(owner)}/{sent.GetProperty("id").GetGuid()}").JsonAsync()).Text("state"));
        Assert.Equal(["invitation.accepted", "member.added", "invitation.sent"],
            (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?limit=3").JsonAsync()).Items().Select(entry => entry.Text("action")));
    }

    [Fact]
    public async Task O02_An_invitation_works_once()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        await InviteAsync(owner, person.Email);
        var token = await TokenAsync(person.Email);
        await AcceptAsync(person, token).JsonAsync();
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/members/{person.UserId}").JsonAsync(HttpStatusCode.NoContent);

        await AcceptAsync(person, token).RefusedAsync(HttpStatusCode.Conflict, "invitation.accepted");

        await person.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task O02_Of_fifty_acceptances_at_once_one_wins()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        await InviteAsync(owner, person.Email);
        var token = await TokenAsync(person.Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AcceptAsync(person, token)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(49, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        Assert.Single((await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?action=invitation.accepted").JsonAsync()).Items());
    }

    [Fact]
    public async Task O02_An_expired_invitation_is_refused_until_it_is_sent_again()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        var id = (await InviteAsync(owner, person.Email)).GetProperty("id").GetGuid();
        var expired = await TokenAsync(person.Email);
        await fixture.ExecuteAsync("update identity.invitations set created_at = created_at - interval '8 days', sent_at = sent_at - interval '8 days', expires_at = expires_at - interval '8 days' where id = $1", id);

        await AcceptAsync(person, expired).RefusedAsync(HttpStatusCode.Conflict, "invitation.expired");
        Assert.Equal("expired", (await owner.Client.GetAsync($"{Invitations(owner)}/{id}").JsonAsync()).Text("state"));

        Assert.Equal("pending", (await owner.Client.PostAsync($"{Invitations(owner)}/{id}/resend", null).JsonAsync()).Text("state"));
        await AcceptAsync(person, expired).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await AcceptAsync(person, await TokenAsync(person.Email)).JsonAsync();
    }

    [Fact]
    public async Task O02_A_revoked_invitation_is_refused()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        var address = $"{Invitations(owner)}/{(await InviteAsync(owner, person.Email)).GetProperty("id").GetGuid()}";
        await owner.Client.DeleteAsync(address).JsonAsync(HttpStatusCode.NoContent);
        await owner.Client.DeleteAsync(address).JsonAsync(HttpStatusCode.NoContent);

        await AcceptAsync(person, await TokenAsync(person.Email)).RefusedAsync(HttpStatusCode.Conflict, "invitation.revoked");

        await owner.Client.PostAsync($"{address}/resend", null).RefusedAsync(HttpStatusCode.Conflict, "invitation.revoked");
        Assert.Equal("revoked", (await owner.Client.GetAsync(address).JsonAsync()).Text("state"));
    }

    [Fact]
    public async Task O02_An_account_with_another_address_is_refused_and_uses_nothing_up()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        using var other = await ConfirmedAsync();
        await InviteAsync(owner, person.Email);
        var token = await TokenAsync(person.Email);

        await AcceptAsync(other, token).RefusedAsync(HttpStatusCode.Forbidden, "invitation.other_address");

        await AcceptAsync(person, token).JsonAsync();
    }

    [Fact]
    public async Task O02_An_account_that_never_confirmed_its_address_is_refused()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await fixture.SignUpAsync();
        await fixture.ExecuteAsync("update identity.users set email_confirmed = false where id = $1", person.UserId);
        await InviteAsync(owner, person.Email);
        var token = await TokenAsync(person.Email);

        await AcceptAsync(person, token).RefusedAsync(HttpStatusCode.Forbidden, "invitation.address_unconfirmed");

        await fixture.ConfirmAsync(person);
        await AcceptAsync(person, token).JsonAsync();
    }

    [Fact]
    public async Task O02_A_token_that_was_changed_anywhere_is_of_no_invitation()
    {
        using var owner = await fixture.SignUpAsync();
        using var person = await ConfirmedAsync();
        await InviteAsync(owner, person.Email);
        var token = await TokenAsync(person.Email);

        foreach (var at in new[] { 0, 15, 30, 50, 70 })
            await AcceptAsync(person, string.Concat(token.Select((character, i) => i != at ? character : character == 'A' ? 'B' : 'A'))).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        foreach (var wrong in new[] { "", "short", token + "A", new string('!', token.Length) })
            Assert.Contains((await AcceptAsync(person, wrong)).StatusCode, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
        using var nobody = fixture.Hub.CreateClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync("/v1/invitations/acceptance", new { token })).StatusCode);

        await AcceptAsync(person, token).JsonAsync();
    }

    [Fact]
    public async Task O03_Nobody_invites_to_a_role_above_their_own()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        using var developer = await fixture.MemberAsync(owner, "developer");

        await Post(admin, "owner").RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await Post(developer, "viewer").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await Post(admin, "admin").JsonAsync(HttpStatusCode.Created);

        Task<HttpResponseMessage> Post(TestPerson person, string role) => person.Client.PostAsJsonAsync(Invitations(owner), new { email = $"{Guid.CreateVersion7():N}@example.com", role });
    }

    [Fact]
    public async Task O03_What_somebody_offered_ends_with_the_right_to_offer_it()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "owner");
        using var asOwner = await ConfirmedAsync();
        using var asViewer = await ConfirmedAsync();
        await InviteAsync(owner, asOwner.Email, "owner", admin);
        await InviteAsync(owner, asViewer.Email, "viewer", admin);
        var (high, low) = (await TokenAsync(asOwner.Email), await TokenAsync(asViewer.Email));
        var member = $"/v1/orgs/{owner.Slug}/members/{admin.UserId}";

        await owner.Client.ChangeAsync(HttpMethod.Patch, member, new { role = "admin" }).JsonAsync();
        await AcceptAsync(asOwner, high).RefusedAsync(HttpStatusCode.Conflict, "invitation.revoked");
        await owner.Client.DeleteAsync(member).JsonAsync(HttpStatusCode.NoContent);
        await AcceptAsync(asViewer, low).RefusedAsync(HttpStatusCode.Conflict, "invitation.revoked");
    }

    [Fact]
    public async Task U07_An_address_with_an_account_is_invited_like_one_without()
    {
        using var owner = await fixture.SignUpAsync();
        using var known = await fixture.SignUpAsync();
        var unknown = $"person-{Guid.CreateVersion7().ToString("N")[^12..]}@example.com";

        var answers = new[] { await InviteAsync(owner, known.Email), await InviteAsync(owner, unknown) };

        Assert.Equal(answers[0].EnumerateObject().Select(field => (field.Name, field.Value.ValueKind)), answers[1].EnumerateObject().Select(field => (field.Name, field.Value.ValueKind)));
        var (one, other) = (await fixture.Mail.WaitForAsync(known.Email, "Join"), await fixture.Mail.WaitForAsync(unknown, "Join"));
        Assert.Equal(one.Subject, other.Subject);
        Assert.Equal(one.Text.Replace(known.Email, "", StringComparison.Ordinal).Length, other.Text.Replace(unknown, "", StringComparison.Ordinal).Length);
    }

    [Fact]
    public async Task An_address_is_invited_once_at_a_time_and_a_member_not_at_all()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        var email = $"{Guid.CreateVersion7():N}@example.com";

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => owner.Client.PostAsJsonAsync(Invitations(owner), new { email = i % 2 == 0 ? email : email.ToUpperInvariant(), role = "viewer" })));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        await owner.Client.PostAsJsonAsync(Invitations(owner), new { email, role = "admin" }).RefusedAsync(HttpStatusCode.Conflict, "invitation.pending");
        await owner.Client.PostAsJsonAsync(Invitations(owner), new { email = member.Email, role = "admin" }).RefusedAsync(HttpStatusCode.Conflict, "invitation.member_already");
        var id = (await owner.Client.GetAsync(Invitations(owner)).JsonAsync()).Items().Single().GetProperty("id").GetGuid();
        await owner.Client.PostAsync($"{Invitations(owner)}/{id}/resend", null).RefusedAsync(HttpStatusCode.Conflict, "invitation.too_soon");
    }

    [Fact]
    public async Task A_member_by_another_way_gets_the_higher_role_they_were_offered_and_no_lower_one()
    {
        using var owner = await fixture.SignUpAsync();
        using var rises = await ConfirmedAsync();
        using var stays = await ConfirmedAsync();
        await InviteAsync(owner, rises.Email, "admin");
        await InviteAsync(owner, stays.Email, "viewer");
        await fixture.ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, 'viewer', now()), ($1, $3, 'developer', now())", owner.OrganizationId, rises.UserId, stays.UserId);

        Assert.Equal("admin", (await AcceptAsync(rises, await TokenAsync(rises.Email)).JsonAsync()).Text("role"));
        Assert.Equal("developer", (await AcceptAsync(stays, await TokenAsync(stays.Email)).JsonAsync()).Text("role"));
    }

    [Theory]
    [InlineData("email", "no-address", "viewer")]
    [InlineData("email", "two@example.com\nBcc: all@example.com", "viewer")]
    [InlineData("email", "", "viewer")]
    [InlineData("role", "fine@example.com", null)]
    public async Task A_wrong_invitation_names_its_field(string field, string email, string? role)
    {
        using var owner = await fixture.SignUpAsync();

        var problem = await owner.Client.PostAsJsonAsync(Invitations(owner), new { email, role }).RefusedAsync(HttpStatusCode.BadRequest, "validation");

        Assert.Equal(field, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task An_organization_sends_only_so_many()
    {
        using var owner = await fixture.SignUpAsync();
        await fixture.ExecuteAsync("""
            insert into identity.invitations (organization_id, id, email, normalized_email, role, invited_by, created_at, sent_at, expires_at, token_hash)
            select $1, gen_random_uuid(), n || '@example.com', n || '@EXAMPLE.COM', 'viewer', $2, now(), now(), now() + interval '7 days', sha256(n::text::bytea) from generate_series(1, 100) n
            """, owner.OrganizationId, owner.UserId);

        await owner.Client.PostAsJsonAsync(Invitations(owner), new { email = "onemore@example.com", role = "viewer" }).RefusedAsync(HttpStatusCode.Conflict, "invitation.too_many");
    }

    [Fact]
    public async Task The_database_has_no_token()
    {
        using var owner = await fixture.SignUpAsync();
        var email = $"{Guid.CreateVersion7():N}@example.com";
        var answer = await InviteAsync(owner, email);
        var token = await TokenAsync(email);

        Assert.DoesNotContain(token, answer.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await owner.Client.GetAsync(Invitations(owner)).JsonAsync()).GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit").JsonAsync()).GetRawText(), StringComparison.Ordinal);
    }

    private static string Invitations(TestPerson owner) => $"/v1/orgs/{owner.Slug}/invitations";

    private static Task<JsonElement> InviteAsync(TestPerson owner, string email, string role = "viewer", TestPerson? by = null) =>
        (by ?? owner).Client.PostAsJsonAsync(Invitations(owner), new { email, role }).JsonAsync(HttpStatusCode.Created);

    private static Task<HttpResponseMessage> AcceptAsync(TestPerson person, string token) => person.Client.PostAsJsonAsync("/v1/invitations/acceptance", new { token });

    /// <summary>The token in the next message to an address.</summary>
    private async Task<string> TokenAsync(string email) => (await fixture.Mail.WaitForAsync(email, "Join")).Link["/invitations/".Length..];

    private async Task<TestPerson> ConfirmedAsync()
    {
        var person = await fixture.SignUpAsync();
        await fixture.ConfirmAsync(person);
        return person;
    }
}
