using System.Net;
using System.Net.Http.Json;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Members and their roles over the API.</summary>
public sealed class MemberTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    [Fact]
    public async Task A_role_is_changed_by_who_read_it_and_holds_from_the_next_request()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        var address = $"/v1/orgs/{owner.Slug}/members/{member.UserId}";
        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit").RefusedAsync(HttpStatusCode.Forbidden, "forbidden");

        await owner.Client.PatchAsJsonAsync(address, new { role = "admin" }).RefusedAsync(HttpStatusCode.PreconditionRequired, "precondition_required");
        var changed = await owner.Client.ChangeAsync(HttpMethod.Patch, address, new { role = "admin" }).JsonAsync();

        Assert.Equal(("admin", member.Email), (changed.Text("role"), changed.Text("email")));
        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit").JsonAsync();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"role":null}""")]
    [InlineData("""{"role":"root"}""")]
    [InlineData("""{"role":4}""")]
    [InlineData("""{"role":["admin"]}""")]
    public async Task What_is_no_role_is_refused(string body)
    {
        using var owner = await fixture.SignUpAsync();
        using var response = await owner.Client.PatchAsync($"/v1/orgs/{owner.Slug}/members/{owner.UserId}", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task O03_An_admin_neither_makes_nor_unmakes_nor_removes_an_owner()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        using var other = await fixture.MemberAsync(owner, "developer");
        var members = $"/v1/orgs/{owner.Slug}/members";

        await admin.Client.ChangeAsync(HttpMethod.Patch, $"{members}/{other.UserId}", new { role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await admin.Client.ChangeAsync(HttpMethod.Patch, $"{members}/{admin.UserId}", new { role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await admin.Client.ChangeAsync(HttpMethod.Patch, $"{members}/{owner.UserId}", new { role = "viewer" }).RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await admin.Client.DeleteAsync($"{members}/{owner.UserId}").RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await admin.Client.ChangeAsync(HttpMethod.Patch, $"{members}/{other.UserId}", new { role = "admin" }).JsonAsync();
    }

    [Fact]
    public async Task O03_The_last_owner_can_neither_leave_nor_be_made_less()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        var self = $"/v1/orgs/{owner.Slug}/members/{owner.UserId}";

        await owner.Client.ChangeAsync(HttpMethod.Patch, self, new { role = "admin" }).RefusedAsync(HttpStatusCode.Conflict, "organization.last_owner");
        await owner.Client.DeleteAsync(self).RefusedAsync(HttpStatusCode.Conflict, "organization.last_owner");
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/membership").RefusedAsync(HttpStatusCode.Conflict, "organization.last_owner");

        await owner.Client.ChangeAsync(HttpMethod.Patch, $"/v1/orgs/{owner.Slug}/members/{admin.UserId}", new { role = "owner" }).JsonAsync();
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/membership").JsonAsync(HttpStatusCode.NoContent);
        await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task I20_Who_is_removed_is_out_at_the_next_request_with_the_token_they_have()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "developer");
        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();

        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/members/{member.UserId}").JsonAsync(HttpStatusCode.NoContent);

        await member.Client.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await member.Client.GetAsync($"/v1/orgs/{member.Slug}").JsonAsync();
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/members/{member.UserId}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task I19_A_person_of_one_organization_finds_nothing_of_another()
    {
        using var owner = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();

        foreach (var path in new[] { "", "/members", $"/members/{owner.UserId}", "/audit", "/audit/export", "/audit/verification", "/domains", "/policy" })
        {
            var foreign = await stranger.Client.GetAsync($"/v1/orgs/{owner.Slug}{path}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            var nothing = await stranger.Client.GetAsync($"/v1/orgs/never-existed{path}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            Assert.Equal(nothing.Text("detail"), foreign.Text("detail"));
        }
    }

    [Fact]
    public async Task O03_Who_is_owner_is_decided_by_a_sign_in_of_the_last_minutes_alone()
    {
        using var owner = await fixture.SignUpAsync();
        using var second = await fixture.MemberAsync(owner, "owner");
        using var member = await fixture.MemberAsync(owner, "viewer");
        var (api, invited) = ($"/v1/orgs/{owner.Slug}", $"{Guid.CreateVersion7():N}@example.com");
        var offered = (await owner.Client.PostAsJsonAsync($"{api}/invitations", new { email = $"{Guid.CreateVersion7():N}@example.com", role = "owner" }).JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await fixture.ExecuteAsync("update identity.invitations set sent_at = sent_at - interval '1 hour' where id = $1", offered);
        using var program = fixture.Hub.CreateClient();
        program.DefaultRequestHeaders.Authorization = new("Bearer", await ApiTokenFixture.TokenAsync(owner, ["members.manage", "members.read"]));
        await AgeAsync("11 minutes");

        foreach (var client in new[] { owner.Client, program })
        {
            await client.ChangeAsync(HttpMethod.Patch, $"{api}/members/{member.UserId}", new { role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
            await client.ChangeAsync(HttpMethod.Patch, $"{api}/members/{second.UserId}", new { role = "admin" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
            await client.DeleteAsync($"{api}/members/{second.UserId}").RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
            await client.PostAsJsonAsync($"{api}/invitations", new { email = invited, role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
            await client.PostAsync($"{api}/invitations/{offered}/resend", null).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        }
        await owner.Client.ChangeAsync(HttpMethod.Patch, $"{api}/members/{member.UserId}", new { role = "admin" }).JsonAsync();
        await owner.Client.PostAsJsonAsync($"{api}/invitations", new { email = invited, role = "admin" }).JsonAsync(HttpStatusCode.Created);

        await AgeAsync("1 minute");
        await owner.Client.ChangeAsync(HttpMethod.Patch, $"{api}/members/{member.UserId}", new { role = "owner" }).JsonAsync();
        await owner.Client.DeleteAsync($"{api}/members/{second.UserId}").JsonAsync(HttpStatusCode.NoContent);
        await owner.Client.PostAsync($"{api}/invitations/{offered}/resend", null).JsonAsync();
        await AgeAsync("11 minutes");
        await owner.Client.DeleteAsync($"{api}/membership").JsonAsync(HttpStatusCode.NoContent); // to leave, nobody has to prove anything

        async Task AgeAsync(string interval)
        {
            await fixture.ExecuteAsync($"update identity.grants set authenticated_at = now() - interval '{interval}' where user_id = $1", owner.UserId);
            await owner.RenewAsync();
        }
    }

    [Fact]
    public async Task Of_two_who_change_one_member_at_once_one_is_told_to_read_again()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        var address = $"/v1/orgs/{owner.Slug}/members/{member.UserId}";
        using var now = await owner.Client.GetAsync(address);

        var answers = await fixture.RaceAsync($"members:{owner.OrganizationId}", () => ChangeAsync("developer"), () => ChangeAsync("admin"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.PreconditionFailed], answers.Select(answer => answer.StatusCode).Order());

        async Task<HttpResponseMessage> ChangeAsync(string role)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, address) { Content = JsonContent.Create(new { role }), Headers = { IfMatch = { now.Headers.ETag! } } };
            return await owner.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task An_owner_hands_the_organization_over_in_one_step()
    {
        using var owner = await fixture.SignUpAsync();
        using var heir = await fixture.MemberAsync(owner, "viewer");
        using var stranger = await fixture.SignUpAsync();
        var transfer = $"/v1/orgs/{owner.Slug}/transfer";

        await heir.Client.PostAsJsonAsync(transfer, new { userId = heir.UserId }).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await owner.Client.PostAsJsonAsync(transfer, new { userId = stranger.UserId }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await owner.Client.PostAsJsonAsync(transfer, new { userId = heir.UserId }).JsonAsync(HttpStatusCode.NoContent);

        var members = (await heir.Client.GetAsync($"/v1/orgs/{owner.Slug}/members").JsonAsync()).Items().ToDictionary(member => member.Text("email")!, member => member.Text("role"));
        Assert.Equal(("owner", "admin"), (members[heir.Email], members[owner.Email]));
        await owner.Client.PostAsJsonAsync(transfer, new { userId = owner.UserId }).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Every_change_of_a_member_is_in_the_audit_log_with_before_and_after()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        var address = $"/v1/orgs/{owner.Slug}/members/{member.UserId}";
        await owner.Client.ChangeAsync(HttpMethod.Patch, address, new { role = "developer" }).JsonAsync();
        await owner.Client.ChangeAsync(HttpMethod.Patch, address, new { role = "developer" }).JsonAsync(); // so it is already: nothing to tell of
        await owner.Client.DeleteAsync(address).JsonAsync(HttpStatusCode.NoContent);

        var entries = (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?target={member.UserId}").JsonAsync()).Items().ToList();

        Assert.Equal(["member.removed", "member.role_changed"], entries.Select(entry => entry.Text("action")));
        Assert.Equal("""{"role":"viewer"} {"role":"developer"}""", $"{entries[1].GetProperty("before").GetRawText()} {entries[1].GetProperty("after").GetRawText()}");
        Assert.Equal((owner.Email, member.Email, "czctl"), (entries[0].GetProperty("actor").Text("name"), entries[0].GetProperty("target").Text("name"), entries[0].Text("client")));
        Assert.Equal("127.0.0.1", entries[0].Text("ipAddress"));
    }
}
