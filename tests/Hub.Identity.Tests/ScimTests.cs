using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Provisioning of members over SCIM, as a directory does it.</summary>
public sealed class ScimTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    private const string RoleExtension = "urn:codezero:params:scim:schemas:extension:2.0:Group";

    [Fact]
    public async Task A_user_of_the_directory_is_a_member_from_creation_to_deletion()
    {
        using var directory = await DirectoryAsync();

        var created = await directory.PostAsync("/Users", User("Ada@" + directory.Domain, ("externalId", "e-1"), ("displayName", "Ada"), ("title", "not kept"))).JsonAsync(HttpStatusCode.Created);

        var id = created.Text("id")!;
        Assert.Equal($"{fixture.Hub.Address.GetLeftPart(UriPartial.Authority)}/scim/v2/{directory.Owner.Slug}/Users/{id}", created.GetProperty("meta").Text("location"));
        Assert.Equal(("Ada@" + directory.Domain, "e-1", true, false),
            (created.Text("userName"), created.Text("externalId"), created.GetProperty("active").GetBoolean(), created.TryGetProperty("title", out _)));
        var member = Assert.Single(await directory.MembersAsync(), member => member.Text("email") == "Ada@" + directory.Domain);
        Assert.Equal(("viewer", true), (member.Text("role"), member.GetProperty("provisioned").GetBoolean()));

        using var read = await directory.GetAsync($"/Users/{id}");
        Assert.Equal(("application/scim+json", created.GetProperty("meta").Text("version")), (read.Content.Headers.ContentType?.MediaType, read.Headers.ETag?.ToString()));
        var replaced = await directory.PutAsync($"/Users/{id}", User("ada.l@" + directory.Domain, ("displayName", "Countess"))).JsonAsync();
        Assert.Equal(("Countess", false), (replaced.Text("displayName"), replaced.TryGetProperty("externalId", out _)));
        Assert.NotEqual(created.GetProperty("meta").Text("version"), replaced.GetProperty("meta").Text("version"));
        Assert.Contains(await directory.MembersAsync(), still => still.Text("email") == "Ada@" + directory.Domain); // the account's address is its person's

        await directory.DeleteAsync($"/Users/{id}").JsonAsync(HttpStatusCode.NoContent);
        await directory.GetAsync($"/Users/{id}").RefusedByScimAsync(HttpStatusCode.NotFound, null);
        Assert.DoesNotContain(await directory.MembersAsync(), gone => gone.Text("userId") == member.Text("userId"));
        Assert.Equal(["member.removed", "scim_user.deleted", "scim_user.changed", "member.added", "scim_user.created"], (await directory.AuditAsync()).Take(5));
    }

    [Fact]
    public async Task A_key_of_the_organization_provisions_and_is_named_in_the_audit_log()
    {
        using var directory = await DirectoryAsync();
        var (secret, key) = await ApiTokenFixture.KeyAsync(directory.Owner, directory.Owner.Slug, "members.provision");
        var (other, _) = await ApiTokenFixture.KeyAsync(directory.Owner, directory.Owner.Slug, "members.manage");
        using var robot = fixture.Hub.CreateClient();
        var users = new Uri($"/scim/v2/{directory.Owner.Slug}/Users", UriKind.Relative);

        robot.DefaultRequestHeaders.Authorization = new("Bearer", other);
        await robot.GetAsync(users).RefusedByScimAsync(HttpStatusCode.Forbidden, null);
        robot.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        var created = await robot.PostAsync(users, new StringContent(User("robot@" + directory.Domain), Encoding.UTF8, "application/scim+json")).JsonAsync(HttpStatusCode.Created);
        await robot.DeleteAsync($"{users}/{created.Text("id")}").JsonAsync(HttpStatusCode.NoContent);

        var entries = (await directory.Owner.Client.GetAsync($"/v1/orgs/{directory.Owner.Slug}/audit").JsonAsync()).Items().Take(4).ToList();
        Assert.Equal(["member.removed", "scim_user.deleted", "member.added", "scim_user.created"], entries.Select(entry => entry.Text("action")));
        Assert.All(entries, entry => Assert.Equal(("apiKey", key.ToString()), (entry.GetProperty("actor").Text("kind"), entry.GetProperty("actor").Text("id"))));
    }

    [Fact]
    public async Task Who_is_deactivated_is_out_at_once_everywhere_and_comes_back_by_the_directory_alone()
    {
        using var directory = await DirectoryAsync(joinRole: "developer");
        using var person = await directory.PersonAsync("bob");
        using var invited = await directory.Owner.Client.PostAsync($"/v1/orgs/{directory.Owner.Slug}/invitations", Json(new { email = "bob@" + directory.Domain, role = "admin" }));
        Assert.True(invited.IsSuccessStatusCode);
        var invitation = (await fixture.Mail.WaitForAsync("bob@" + directory.Domain, "Join")).Text;
        var token = invitation[(invitation.IndexOf("/invitations/", StringComparison.Ordinal) + "/invitations/".Length)..].Split('\n')[0].Trim();
        var id = await directory.CreateAsync("bob@" + directory.Domain);
        var lead = await directory.CreateGroupAsync("Leads", "developer", id);
        await person.Client.GetAsync($"/v1/orgs/{directory.Owner.Slug}").JsonAsync();

        var deactivated = await directory.PatchAsync($"/Users/{id}", """{"op":"Replace","path":"active","value":"False"}""").JsonAsync();

        Assert.False(deactivated.GetProperty("active").GetBoolean());
        await person.Client.GetAsync($"/v1/orgs/{directory.Owner.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await Assert.ThrowsAsync<InvalidOperationException>(person.RenewAsync);
        Assert.Equal(0, await CountAsync("select count(*) from identity.sessions where user_id = $1 and ended_at is null", person.UserId));
        Assert.Equal(0, await CountAsync("select count(*) from identity.grants where user_id = $1 and revoked_at is null", person.UserId));
        using (var browser = new Browser(fixture.Hub.Address))
            await browser.SignInAsync("bob@" + directory.Domain, TestPerson.Password); // where people join by the domain
        await fixture.ExecuteAsync("update identity.invitations set revoked_at = null where organization_id = $1", directory.Owner.OrganizationId); // as if it had been sent since
        await person.Client.PostAsync("/v1/invitations/acceptance", Json(new { token })).RefusedAsync(HttpStatusCode.Forbidden, "member.deactivated");
        Assert.DoesNotContain(await directory.MembersAsync(), member => member.Text("email") == "bob@" + directory.Domain);

        await directory.PatchAsync($"/Groups/{lead}", """{"op":"replace","path":"urn:codezero:params:scim:schemas:extension:2.0:Group:role","value":"billing"}""").JsonAsync();
        await directory.PutAsync($"/Users/{id}", User("bob@" + directory.Domain, ("active", true))).JsonAsync();

        Assert.Equal("billing", await directory.RoleAsync("bob")); // what the groups have become meanwhile
    }

    [Fact]
    public async Task Only_addresses_of_the_organizations_own_verified_domains_are_provisioned()
    {
        using var directory = await DirectoryAsync();
        using var other = await DirectoryAsync();

        foreach (var foreign in new[] { "eve@" + other.Domain, "eve@unverified.example", "eve@sub." + directory.Domain, "eve@" + directory.Domain + ".evil.example", "eve" })
            Assert.Contains("address", await directory.PostAsync("/Users", User(foreign)).RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue"), StringComparison.Ordinal);
        await directory.PostAsync("/Users", User("eve@" + directory.Domain, ("emails", new[] { new { value = "eve@" + other.Domain, primary = true } }))).RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
        var id = await directory.CreateAsync("eve@" + directory.Domain);
        await directory.PatchAsync($"/Users/{id}", $$"""{"op":"add","path":"emails","value":[{"value":"eve@{{other.Domain}}","primary":true}]}""").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
        await fixture.ExecuteAsync("delete from identity.verified_domains where name = $1", directory.Domain);
        await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"active","value":false}""").JsonAsync(); // out, without the domain too
        await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"active","value":true}""").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
    }

    [Fact]
    public async Task An_account_that_has_the_address_is_linked_and_stays_its_persons()
    {
        using var directory = await DirectoryAsync();
        using var person = await directory.PersonAsync("carol");
        await fixture.ExecuteAsync("update identity.users set name = 'Carol herself' where id = $1", person.UserId);
        var account = await AccountAsync(person);

        var created = await directory.PostAsync("/Users", User("CAROL@" + directory.Domain, ("displayName", "Employee 7"))).JsonAsync(HttpStatusCode.Created);

        await directory.PatchAsync($"/Users/{created.Text("id")}", """{"op":"replace","value":{"userName":"employee-7","name":{"familyName":"Seven"},"password":"changed!","emails":[{"value":"seven@DOMAIN","primary":true}]}}""".Replace("DOMAIN", directory.Domain, StringComparison.Ordinal)).JsonAsync();
        Assert.Equal(account, await AccountAsync(person));
        Assert.Equal("viewer", await directory.RoleAsync("carol"));
        await person.Client.GetAsync($"/v1/orgs/{directory.Owner.Slug}").JsonAsync(); // and is signed in as before
        await directory.PostAsync("/Users", User("another-name", ("emails", new[] { new { value = "carol@" + directory.Domain } }))).RefusedByScimAsync(HttpStatusCode.Conflict, "uniqueness");

        using var doubtful = await directory.PersonAsync("dora");
        await fixture.ExecuteAsync("update identity.users set email_confirmed = false where id = $1", doubtful.UserId);
        await directory.PostAsync("/Users", User("dora@" + directory.Domain)).RefusedByScimAsync(HttpStatusCode.Conflict, "uniqueness");
    }

    [Fact]
    public async Task A_new_account_has_no_way_in_but_its_address()
    {
        using var directory = await DirectoryAsync();
        await directory.CreateAsync("new@" + directory.Domain);

        Assert.Equal(1, await CountAsync("select count(*) from identity.users where email = $1 and email_confirmed and password_hash is null", "new@" + directory.Domain));
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/forgot");
        await browser.SubmitAsync(("email", "new@" + directory.Domain));
        Assert.Contains("/reset?token=", (await fixture.Mail.WaitForAsync("new@" + directory.Domain)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_give_roles_up_to_admin_and_the_highest_counts()
    {
        using var directory = await DirectoryAsync();
        var (ada, bob) = (await directory.CreateAsync("ada@" + directory.Domain), await directory.CreateAsync("bob@" + directory.Domain));
        var plain = await directory.CreateGroupAsync("Everybody", null, ada, bob);
        var developers = await directory.CreateGroupAsync("Developers", "developer", ada);
        Assert.Equal(("developer", "viewer"), (await directory.RoleAsync("ada"), await directory.RoleAsync("bob")));

        var admins = await directory.CreateGroupAsync("Admins", "Admin", ada, bob);
        Assert.Equal(("admin", "admin"), (await directory.RoleAsync("ada"), await directory.RoleAsync("bob")));
        await directory.PatchAsync($"/Groups/{admins}", $$"""{"op":"Remove","path":"members","value":[{"value":"{{ada}}"}]}""").JsonAsync();
        Assert.Equal(("developer", "admin"), (await directory.RoleAsync("ada"), await directory.RoleAsync("bob")));
        await directory.DeleteAsync($"/Groups/{admins}").JsonAsync(HttpStatusCode.NoContent);
        await directory.PatchAsync($"/Groups/{developers}", $$"""{"op":"remove","path":"{{RoleExtension}}"}""").JsonAsync();
        Assert.Equal(("viewer", "viewer"), (await directory.RoleAsync("ada"), await directory.RoleAsync("bob")));

        await directory.PostAsync("/Groups", Group("Owners", "owner", bob)).RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
        await directory.PatchAsync($"/Groups/{plain}", $$"""{"op":"add","path":"{{RoleExtension}}:role","value":"owner"}""").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
        var user = await directory.GetAsync($"/Users/{ada}").JsonAsync();
        Assert.Equal(["Everybody", "Developers"], user.GetProperty("groups").EnumerateArray().Select(group => group.Text("display")));
    }

    [Fact]
    public async Task A_directory_neither_makes_changes_nor_removes_owners()
    {
        using var directory = await DirectoryAsync();
        await fixture.ExecuteAsync("update identity.users set email = $2, normalized_email = upper($2) where id = $1", directory.Owner.UserId, "boss@" + directory.Domain);
        var boss = await directory.CreateAsync("boss@" + directory.Domain);

        await directory.CreateGroupAsync("Admins", "admin", boss);
        foreach (var refused in new[]
        {
            directory.PatchAsync($"/Users/{boss}", """{"op":"replace","path":"active","value":false}"""),
            directory.PutAsync($"/Users/{boss}", User("boss@" + directory.Domain, ("active", false))),
            directory.DeleteAsync($"/Users/{boss}"),
        })
            Assert.Contains("owner", await refused.RefusedByScimAsync(HttpStatusCode.Conflict, null), StringComparison.Ordinal);

        Assert.Equal("owner", await directory.RoleAsync("boss"));
        Assert.True((await directory.GetAsync($"/Users/{boss}").JsonAsync()).GetProperty("active").GetBoolean());
    }

    [Fact]
    public async Task Who_is_provisioned_is_changed_by_the_directory_and_not_by_hand_until_that_ends()
    {
        using var directory = await DirectoryAsync();
        using var person = await directory.PersonAsync("gus");
        var id = await directory.CreateAsync("gus@" + directory.Domain);
        var group = await directory.CreateGroupAsync("Leads", "developer", id);
        var member = $"/v1/orgs/{directory.Owner.Slug}/members/{person.UserId}";

        await directory.Owner.Client.DeleteAsync(member).RefusedAsync(HttpStatusCode.Conflict, "member.provisioned");
        await directory.Owner.Client.ChangeAsync(HttpMethod.Patch, member, new { role = "admin" }).RefusedAsync(HttpStatusCode.Conflict, "member.provisioned");
        using (var browser = new Browser(fixture.Hub.Address))
        {
            await browser.SignInAsync(directory.Owner.Email, TestPerson.Password, $"/signin?returnUrl=/organizations/{directory.Owner.Slug}/members");
            Assert.Contains("by the directory", browser.Page, StringComparison.Ordinal);
            await browser.GetAsync($"/organizations/{directory.Owner.Slug}/provisioning");
            Assert.Contains($"/scim/v2/{directory.Owner.Slug}</code>", browser.Page, StringComparison.Ordinal);
            Assert.Contains("1 active, 0 not", browser.Page, StringComparison.Ordinal);
            Assert.Contains("just now", browser.Page, StringComparison.Ordinal);
        }

        await person.Client.DeleteAsync($"/v1/orgs/{directory.Owner.Slug}/membership").JsonAsync(HttpStatusCode.NoContent); // leaving is everybody's own
        Assert.False((await directory.GetAsync($"/Users/{id}").JsonAsync()).GetProperty("active").GetBoolean());
        await directory.PatchAsync($"/Users/{id}", """{"op":"replace","value":{"active":true}}""").JsonAsync();
        Assert.Equal("developer", await directory.RoleAsync("gus"));

        await directory.Owner.Client.DeleteAsync($"/v1/orgs/{directory.Owner.Slug}/provisioning").JsonAsync(HttpStatusCode.NoContent);
        Assert.Equal(0, (await directory.Owner.Client.GetAsync($"/v1/orgs/{directory.Owner.Slug}/provisioning").JsonAsync()).GetProperty("users").GetInt32());
        await directory.GetAsync($"/Groups/{group}").RefusedByScimAsync(HttpStatusCode.NotFound, null);
        await directory.Owner.Client.DeleteAsync(member).JsonAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Of_ten_creations_of_one_user_at_once_one_is_made()
    {
        using var directory = await DirectoryAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => directory.PostAsync("/Users", User((i % 2 == 0 ? "raced@" : "RACED@") + directory.Domain))));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        foreach (var refused in answers.Where(answer => answer.StatusCode != HttpStatusCode.Created))
            await Task.FromResult(refused).RefusedByScimAsync(HttpStatusCode.Conflict, "uniqueness");
        Assert.Equal(1, await CountAsync("select count(*) from identity.users where email ilike $1", "raced@" + directory.Domain));
    }

    [Fact]
    public async Task Another_organizations_users_and_groups_do_not_exist()
    {
        using var directory = await DirectoryAsync();
        using var other = await DirectoryAsync();
        var foreign = await other.CreateAsync("secret@" + other.Domain);
        var group = await other.CreateGroupAsync("Secret", "admin", foreign);
        var own = await directory.CreateGroupAsync("Own", null);

        foreach (var id in new[] { foreign, Guid.CreateVersion7().ToString(), "nothing" })
        {
            await directory.GetAsync($"/Users/{id}").RefusedByScimAsync(HttpStatusCode.NotFound, null);
            await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"active","value":false}""").RefusedByScimAsync(HttpStatusCode.NotFound, null);
            await directory.DeleteAsync($"/Users/{id}").RefusedByScimAsync(HttpStatusCode.NotFound, null);
        }
        await directory.PatchAsync($"/Groups/{own}", $$"""{"op":"add","path":"members","value":[{"value":"{{foreign}}"}]}""").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
        await directory.DeleteAsync($"/Groups/{group}").RefusedByScimAsync(HttpStatusCode.NotFound, null);
        Assert.Equal(0, (await directory.ListAsync("/Users", "userName pr or not (id eq \"x\")").JsonAsync()).GetProperty("totalResults").GetInt32());
        using (var request = new HttpRequestMessage(HttpMethod.Get, $"/scim/v2/{other.Owner.Slug}/Users"))
            await directory.Owner.Client.SendAsync(request).RefusedByScimAsync(HttpStatusCode.NotFound, null);
        using var anonymous = fixture.Hub.CreateClient();
        await anonymous.GetAsync($"/scim/v2/{directory.Owner.Slug}/Users").RefusedByScimAsync(HttpStatusCode.Unauthorized, null);
    }

    [Fact]
    public async Task Lists_are_filtered_paged_and_cut_to_what_is_asked()
    {
        using var directory = await DirectoryAsync();
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
            ids.Add(await directory.CreateAsync($"u{i}@{directory.Domain}"));
        await directory.CreateGroupAsync("Crew", "billing", [.. ids]);
        await directory.PatchAsync($"/Users/{ids[3]}", """{"op":"replace","path":"active","value":false}""").JsonAsync();

        var pages = new List<string>();
        for (var start = 1; start <= 7; start += 3)
        {
            var page = await directory.GetAsync($"/Users?startIndex={start}&count=3&attributes=userName").JsonAsync();
            Assert.Equal((7, start), (page.GetProperty("totalResults").GetInt32(), page.GetProperty("startIndex").GetInt32()));
            Assert.All(page.GetProperty("Resources").EnumerateArray(), user => Assert.Equal(["userName", "schemas", "id"], user.EnumerateObject().Select(property => property.Name)));
            pages.AddRange(page.GetProperty("Resources").EnumerateArray().Select(user => user.Text("id")!));
        }
        Assert.Equal(ids, pages);
        Assert.Equal((7, 0), Sizes(await directory.GetAsync("/Users?count=0").JsonAsync()));
        Assert.Equal((7, 7), Sizes(await directory.GetAsync("/Users?startIndex=-5&count=10000").JsonAsync()));
        Assert.Equal((1, 1), Sizes(await directory.ListAsync("/Users", $"userName eq \"U2@{directory.Domain.ToUpperInvariant()}\" and active eq true").JsonAsync()));
        Assert.Equal((6, 6), Sizes(await directory.ListAsync("/Users", "active eq true and groups.display eq \"crew\"").JsonAsync()));
        Assert.Equal((1, 1), Sizes(await directory.ListAsync("/Groups", $"displayName eq \"CREW\" and members[value eq \"{ids[0]}\"] and {RoleExtension}:role eq \"billing\"").JsonAsync()));
        Assert.Equal((0, 0), Sizes(await directory.ListAsync("/Groups", $"members eq \"{Guid.CreateVersion7()}\"").JsonAsync()));
        var group = Assert.Single((await directory.GetAsync("/Groups?excludedAttributes=members").JsonAsync()).GetProperty("Resources").EnumerateArray());
        Assert.False(group.TryGetProperty("members", out _));
        await directory.ListAsync("/Users", "userName eq").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidFilter");
        await directory.GetAsync("/Users?count=many").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidValue");
    }

    [Fact]
    public async Task Changes_with_If_Match_are_made_to_that_version_alone()
    {
        using var directory = await DirectoryAsync();
        var id = await directory.CreateAsync("v@" + directory.Domain);
        var version = (await directory.GetAsync($"/Users/{id}").JsonAsync()).GetProperty("meta").Text("version")!;
        Assert.StartsWith("W/\"", version, StringComparison.Ordinal);

        var changed = await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"displayName","value":"V"}""", version).JsonAsync();

        await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"displayName","value":"W"}""", version).RefusedByScimAsync(HttpStatusCode.PreconditionFailed, null);
        var again = await directory.PatchAsync($"/Users/{id}", """{"op":"replace","path":"displayName","value":"V"}""", "*").JsonAsync();
        Assert.Equal(changed.GetRawText(), again.GetRawText()); // nothing to change is no change
        await directory.DeleteAsync($"/Users/{id}", "nonsense").RefusedByScimAsync(HttpStatusCode.PreconditionFailed, null);
        await directory.DeleteAsync($"/Users/{id}", version).RefusedByScimAsync(HttpStatusCode.PreconditionFailed, null);
    }

    [Fact]
    public async Task The_directory_learns_what_is_supported()
    {
        using var directory = await DirectoryAsync();

        var config = await directory.GetAsync("/ServiceProviderConfig").JsonAsync();
        Assert.Equal((true, false, false, false, true, 200), (Supported("patch"), Supported("bulk"), Supported("changePassword"), Supported("sort"), Supported("etag"), config.GetProperty("filter").GetProperty("maxResults").GetInt32()));
        Assert.Equal(["User", "Group"], (await directory.GetAsync("/ResourceTypes").JsonAsync()).GetProperty("Resources").EnumerateArray().Select(type => type.Text("id")));
        await directory.GetAsync("/ResourceTypes/User").JsonAsync();
        await directory.GetAsync("/ResourceTypes/Robot").RefusedByScimAsync(HttpStatusCode.NotFound, null);
        var schema = await directory.GetAsync("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").JsonAsync();
        Assert.True(schema.GetProperty("attributes").EnumerateArray().Single(attribute => attribute.Text("name") == "userName").GetProperty("required").GetBoolean());
        Assert.Equal(3, (await directory.GetAsync("/Schemas").JsonAsync()).GetProperty("totalResults").GetInt32());
        await directory.GetAsync("/Schemas?filter=id%20pr").RefusedByScimAsync(HttpStatusCode.Forbidden, null);

        await directory.SendAsync(HttpMethod.Post, "/Users", "<user/>", "application/xml").RefusedByScimAsync(HttpStatusCode.UnsupportedMediaType, null);
        foreach (var malformed in new[] { "", "{", "[]", """{"schemas":["x"]}""", """{"userName":"a","userName":"b"}""", """{"a":"\ud800"}""", """{"\ud800":1}""", string.Concat(Enumerable.Repeat("[", 1000)) })
            await directory.SendAsync(HttpMethod.Post, "/Users", malformed, "application/json").RefusedByScimAsync(HttpStatusCode.BadRequest, "invalidSyntax");

        bool Supported(string feature) => config.GetProperty(feature).GetProperty("supported").GetBoolean();
    }

    [Fact]
    public async Task A_group_of_thousands_is_made_and_patched_in_seconds()
    {
        using var directory = await DirectoryAsync();
        await fixture.ExecuteAsync("""
            with made as (
                insert into identity.users (id, created_at, user_name, normalized_user_name, email, normalized_email, email_confirmed, security_stamp, phone_number_confirmed, two_factor_enabled, lockout_enabled, access_failed_count)
                select gen_random_uuid(), now(), n || '@' || $2, upper(n || '@' || $2), n || '@' || $2, upper(n || '@' || $2), true, 's', false, false, true, 0 from generate_series(1, 2000) n
                returning id, email)
            insert into identity.scim_users (organization_id, id, user_id, user_name, normalized_user_name, active, role, attributes, created_at, modified_at)
            select $1, gen_random_uuid(), id, email, upper(email), false, 'viewer', jsonb_build_object('userName', email), now(), now() from made
            """, directory.Owner.OrganizationId, directory.Domain);
        var all = await directory.IdsAsync();
        var clock = Stopwatch.StartNew();

        var group = await directory.CreateGroupAsync("Many", "developer", [.. all.Take(1000)]);
        await directory.PatchAsync($"/Groups/{group}", $$"""{"op":"Add","path":"members","value":[{{string.Join(',', all.Select(id => $$"""{"value":"{{id}}"}"""))}}]}""").JsonAsync();
        var removals = await directory.PatchAsync($"/Groups/{group}", string.Join(',', all.Take(100).Select(id => $$"""{"op":"remove","path":"members[value eq \"{{id}}\"]"}"""))).JsonAsync();
        var found = await directory.ListAsync("/Users", "displayName pr or userName sw \"199\"").JsonAsync();

        Assert.Equal(1900, removals.GetProperty("members").GetArrayLength());
        Assert.Equal(11, found.GetProperty("totalResults").GetInt32());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task Whatever_a_directory_sends_it_gets_an_answer_of_SCIM()
    {
        using var directory = await DirectoryAsync();
        var id = await directory.CreateAsync("fuzz@" + directory.Domain);
        var random = new Random(20261130);
        string[] filters = ["userName", " eq ", "\"a\"", "(", ")", "emails[", "]", " and ", "not ", "\0", "%", "é", "null", " pr", "meta.created", " gt "];
        string[] values = ["null", "1", "\"x\"", "\"a\\u0000\"", "[]", "{}", "[{}]", "true", "\"2026\"", "{\"value\":\"x\"}", "[[1]]", "\"😀\"", "1e400"];
        string[] names = ["userName", "emails", "active", "name", "members", "displayName", "externalId", "schemas", "$ref", "", "😀"];
        for (var round = 0; round < 30; round++)
        {
            using var answer = (round % 3) switch
            {
                0 => await directory.ListAsync("/Users", string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pick(filters)))),
                1 => await directory.PatchAsync($"/Users/{id}", $$"""{"op":"{{Pick(["add", "replace", "remove"])}}","path":{{JsonSerializer.Serialize(Pick(names))}},"value":{{Pick(values)}}}"""),
                _ => await directory.PutAsync($"/Users/{id}", $$"""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],{{JsonSerializer.Serialize(Pick(names) + "x")}}:1,"userName":{{Pick(values)}},"{{Pick(names[..7])}}2":{{Pick(values)}}}"""),
            };
            var body = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode is 200 or 400 or 409 && answer.Content.Headers.ContentType?.MediaType == "application/scim+json", $"{round}: {(int)answer.StatusCode} {body}");
        }

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    private static (int Total, int Shown) Sizes(JsonElement page) => (page.GetProperty("totalResults").GetInt32(), page.GetProperty("Resources").GetArrayLength());

    private static string User(string userName, params (string Name, object Value)[] more)
    {
        var user = new JsonObject { ["schemas"] = new JsonArray("urn:ietf:params:scim:schemas:core:2.0:User"), ["userName"] = userName };
        foreach (var (name, value) in more)
            user[name] = JsonSerializer.SerializeToNode(value);
        return user.ToJsonString();
    }

    private static string Group(string name, string? role, params string[] members)
    {
        var group = new JsonObject
        {
            ["schemas"] = new JsonArray("urn:ietf:params:scim:schemas:core:2.0:Group", RoleExtension),
            ["displayName"] = name,
            ["members"] = new JsonArray([.. members.Select(member => new JsonObject { ["value"] = member })]),
        };
        if (role is not null)
            group[RoleExtension] = new JsonObject { ["role"] = role };
        return group.ToJsonString();
    }

    private static StringContent Json(object body) => new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    private async Task<long> CountAsync(string sql, object value)
    {
        await using var connection = new NpgsqlConnection(fixture.Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = value } } };
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Task<string> AccountAsync(TestPerson person) => fixture.Hub.AsTenantAsync(person.OrganizationId, person.UserId, async services =>
    {
        var row = await services.GetRequiredService<Data.IdentityDb>().Users.FindAsync(person.UserId);
        return $"{row!.Name} {row.Email} {row.UserName} {row.PasswordHash} {row.SecurityStamp}";
    });

    private async Task<Directory> DirectoryAsync(string? joinRole = null)
    {
        var owner = await fixture.SignUpAsync();
        var domain = $"d{owner.OrganizationId.ToString("N")[^12..]}.example";
        await fixture.ExecuteAsync("insert into identity.domains (organization_id, name, challenge, created_at, verified_at, join_role) values ($1, $2, 'c', now(), now(), $3)", owner.OrganizationId, domain, (object?)joinRole ?? DBNull.Value);
        await fixture.ExecuteAsync("insert into identity.verified_domains (name, directory_id) values ($1, $2)", domain, owner.OrganizationId);
        return new(fixture, owner, domain);
    }

    /// <summary>A directory that calls for an organization with a verified domain.</summary>
    private sealed class Directory(OrganizationFixture fixture, TestPerson owner, string domain) : IDisposable
    {
        public TestPerson Owner => owner;
        public string Domain => domain;

        public Task<HttpResponseMessage> GetAsync(string path) => owner.Client.GetAsync(Base + path);

        public Task<HttpResponseMessage> ListAsync(string path, string filter) => owner.Client.GetAsync(QueryHelpers.AddQueryString(Base + path, "filter", filter));

        public Task<HttpResponseMessage> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

        public Task<HttpResponseMessage> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

        public Task<HttpResponseMessage> PatchAsync(string path, string operations, string? version = null) =>
            SendAsync(HttpMethod.Patch, path, $$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{operations}}]}""", version: version);

        public Task<HttpResponseMessage> DeleteAsync(string path, string? version = null) => SendAsync(HttpMethod.Delete, path, null, version: version);

        public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, string type = "application/scim+json", string? version = null)
        {
            using var request = new HttpRequestMessage(method, Base + path) { Content = body is null ? null : new StringContent(body, MediaTypeHeaderValue.Parse(type)) };
            if (version is not null)
                request.Headers.TryAddWithoutValidation("If-Match", version);
            return await owner.Client.SendAsync(request);
        }

        public async Task<string> CreateAsync(string userName) => (await PostAsync("/Users", User(userName)).JsonAsync(HttpStatusCode.Created)).Text("id")!;

        public async Task<string> CreateGroupAsync(string name, string? role, params string[] members) => (await PostAsync("/Groups", Group(name, role, members)).JsonAsync(HttpStatusCode.Created)).Text("id")!;

        /// <summary>A person with an account of their own, whose address is of the domain.</summary>
        public async Task<TestPerson> PersonAsync(string name)
        {
            var person = await fixture.SignUpAsync();
            await fixture.ExecuteAsync("update identity.users set email = $2, normalized_email = upper($2), user_name = $2, normalized_user_name = upper($2) where id = $1", person.UserId, $"{name}@{domain}");
            return person;
        }

        public async Task<IReadOnlyList<JsonElement>> MembersAsync() => [.. (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/members").JsonAsync()).Items()];

        public async Task<string?> RoleAsync(string name) =>
            (await MembersAsync()).Single(member => member.Text("email")!.Equals($"{name}@{domain}", StringComparison.OrdinalIgnoreCase)).Text("role");

        public async Task<IEnumerable<string?>> AuditAsync() => (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit").JsonAsync()).Items().Select(entry => entry.Text("action"));

        public async Task<IReadOnlyList<string>> IdsAsync()
        {
            await using var connection = new NpgsqlConnection(fixture.Database.Superuser);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("select array_agg(id::text) from identity.scim_users where organization_id = $1", connection) { Parameters = { new() { Value = owner.OrganizationId } } };
            return (string[])(await command.ExecuteScalarAsync())!;
        }

        public void Dispose() => owner.Dispose();

        private string Base => $"/scim/v2/{owner.Slug}";
    }
}

/// <summary>Refusals as SCIM writes them.</summary>
internal static class ScimRefusals
{
    /// <returns>The detail.</returns>
    public static async Task<string> RefusedByScimAsync(this Task<HttpResponseMessage> request, HttpStatusCode status, string? type)
    {
        using var response = await request;
        Assert.Equal("application/scim+json", response.Content.Headers.ContentType?.MediaType);
        var error = await Task.FromResult(response).JsonAsync(status);
        Assert.Equal(("urn:ietf:params:scim:api:messages:2.0:Error", ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture), type),
            (error.GetProperty("schemas")[0].GetString(), error.Text("status"), error.TryGetProperty("scimType", out var given) ? given.GetString() : null));
        return error.Text("detail")!;
    }
}
