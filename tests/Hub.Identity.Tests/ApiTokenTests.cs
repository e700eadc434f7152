using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Personal access tokens and API keys of organizations, over the API: row O05.</summary>
public sealed class ApiTokenTests(ApiTokenFixture fixture) : IClassFixture<ApiTokenFixture>
{
    private static readonly string[] ForItself = ["client_credentials"], All = [.. Permissions.ForTokens.Select(permission => permission.Name)];

    [Fact]
    public async Task A_token_is_shown_once_told_by_mail_and_does_what_it_may_for_its_person()
    {
        using var owner = await fixture.SignUpAsync();

        using var answer = await owner.Client.PostAsJsonAsync("/v1/me/tokens", Wish(" Nightly build ", ["clusters.manage", "clusters.read"]));
        var made = await Task.FromResult(answer).JsonAsync(HttpStatusCode.Created);
        var (token, secret) = (made.GetProperty("token"), made.Text("secret")!);

        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.NotNull(ApiToken.Parse(secret));
        Assert.Equal(("Nightly build", "active"), (token.Text("name"), token.Text("state")));
        Assert.Equal(90, (token.GetProperty("expiresAt").GetDateTimeOffset() - token.GetProperty("createdAt").GetDateTimeOffset()).TotalDays);
        Assert.Contains("“Nightly build”", (await fixture.Mail.WaitForAsync(owner.Email, "security change")).Text, StringComparison.Ordinal);
        Assert.Equal(answer.Headers.Location, new Uri($"/v1/me/tokens/{token.GetProperty("id").GetGuid()}", UriKind.Relative));
        Assert.DoesNotContain(secret, (await owner.Client.GetAsync("/v1/me/tokens").JsonAsync()).ToString(), StringComparison.Ordinal);
        Assert.Equal(token.GetProperty("id").GetGuid(), (await owner.Client.GetAsync(answer.Headers.Location).JsonAsync()).GetProperty("id").GetGuid());

        using var program = fixture.With(secret);
        var cluster = await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clusters", new { name = "built" }).JsonAsync(HttpStatusCode.Created);
        var entry = await ApiTokenFixture.NewestEntryAsync(owner);
        Assert.Equal(("cluster.created", "person", owner.UserId.ToString(), $"token.{token.GetProperty("id").GetGuid()}"),
            (entry.Text("action"), entry.GetProperty("actor").Text("kind"), entry.GetProperty("actor").Text("id"), entry.Text("client")));
        Assert.Equal(owner.UserId, await fixture.QueryAsync<Guid>("select created_by from clusters.clusters where id = $1", cluster.GetProperty("id").GetGuid()));
        var me = await program.GetAsync("/v1/me").JsonAsync();
        Assert.Equal((owner.Email, "Nightly build"), (me.Text("email"), me.GetProperty("token").Text("name")));
        Assert.Equal(owner.Slug, (await program.GetAsync("/v1/orgs").JsonAsync()).Items().Single().Text("slug"));
    }

    [Fact]
    public async Task O05_A_token_of_too_small_a_scope_is_refused_with_the_permission_it_lacks()
    {
        using var owner = await fixture.SignUpAsync();
        using var program = fixture.With(await ApiTokenFixture.TokenAsync(owner, ["apps.read"]));
        await program.GetAsync($"/v1/orgs/{owner.Slug}/apps").JsonAsync();

        using var refused = await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clusters", new { name = "no" });

        var problem = await Task.FromResult(refused).RefusedAsync(HttpStatusCode.Forbidden, "token.permission_missing");
        Assert.Equal("clusters.manage", problem.Text("permission"));
        Assert.Contains("error=\"insufficient_scope\", scope=\"clusters.manage\"", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task O05_A_wrong_an_unknown_a_revoked_and_an_expired_token_get_the_same_401()
    {
        using var owner = await fixture.SignUpAsync();
        var (key, keyId) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "organization.read");
        var (token, address) = (await ApiTokenFixture.TokenAsync(owner, ["organization.read"]), $"/v1/orgs/{owner.Slug}");
        foreach (var good in new[] { token, key })
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(good)).Status);

        var bad = new List<string> { token[..^1] + (token[^1] == 'a' ? 'b' : 'a'), key[..^1], "czp_", "czo_x", ApiToken.Create().Reveal(), ApiToken.Create(owner.OrganizationId).Reveal(), ApiToken.Create(Guid.CreateVersion7()).Reveal() };
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/keys/{keyId}").JsonAsync(HttpStatusCode.NoContent);
        bad.Add(key);
        await fixture.ExecuteAsync("update identity.personal_tokens set created_at = now() - interval '2 days', expires_at = now() - interval '1 second' where user_id = $1", owner.UserId);
        bad.Add(token);

        var answers = new HashSet<string>();
        foreach (var one in bad)
        {
            var (status, challenge, body) = await AskAsync(one);
            Assert.True(status == HttpStatusCode.Unauthorized && challenge.Contains("error=\"invalid_token\"", StringComparison.Ordinal), $"{one}: {(int)status} {challenge}");
            Assert.DoesNotContain(one, body, StringComparison.Ordinal);
            answers.Add(JsonElement.Parse(body).Text("code")!);
        }
        Assert.Equal("token.invalid", Assert.Single(answers));
        Assert.Equal("expired", (await owner.Client.GetAsync("/v1/me/tokens").JsonAsync()).Items().Single().Text("state"));
        Assert.Equal("revoked", (await owner.Client.GetAsync($"{address}/keys/{keyId}").JsonAsync()).Text("state"));
        using var bound = fixture.With(ApiToken.Create().Reveal(), "DPoP");
        await bound.GetAsync(address).JsonAsync(HttpStatusCode.Unauthorized);

        async Task<(HttpStatusCode Status, string Challenge, string Body)> AskAsync(string text)
        {
            using var program = fixture.With(text);
            using var answer = await program.GetAsync(address);
            return (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString(), await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task O05_A_token_may_what_its_person_may_now_and_nothing_once_the_membership_is_gone()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "admin");
        using var program = fixture.With(await ApiTokenFixture.TokenAsync(member, All));
        var audit = $"/v1/orgs/{owner.Slug}/audit";
        await program.GetAsync(audit).JsonAsync();

        await fixture.ExecuteAsync("update identity.memberships set role = 'viewer' where organization_id = $1 and user_id = $2", owner.OrganizationId, member.UserId);
        await program.GetAsync(audit).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/members/{member.UserId}").JsonAsync(HttpStatusCode.NoContent);
        await program.GetAsync(audit).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await program.GetAsync($"/v1/orgs/{member.Slug}").JsonAsync();
    }

    [Fact]
    public async Task A_token_limited_to_an_organization_finds_no_other()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "owner");
        using var program = fixture.With(await ApiTokenFixture.TokenAsync(member, All, owner.OrganizationId.ToString()));

        await program.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
        await program.GetAsync($"/v1/orgs/{member.Slug}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await program.GetAsync($"/v1/orgs/{member.OrganizationId}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal([owner.Slug], (await program.GetAsync("/v1/orgs").JsonAsync()).Items().Select(item => item.Text("slug")));
        Assert.Equal([owner.Slug], (await program.GetAsync("/v1/me").JsonAsync()).GetProperty("organizations").EnumerateArray().Select(item => item.Text("slug")));
        await owner.Client.PostAsJsonAsync("/v1/me/tokens", Wish("x", All, organizations: [member.Slug])).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task O05_Where_somebody_has_to_sign_in_neither_token_nor_key_is_taken()
    {
        using var owner = await fixture.SignUpAsync();
        var (token, key) = (await ApiTokenFixture.TokenAsync(owner, All), (await ApiTokenFixture.KeyAsync(owner, owner.Slug, All)).Secret);
        using var anonymous = fixture.Hub.CreateClient();
        foreach (var secret in new[] { token, key })
        {
            using var program = fixture.With(secret);
            var id = Guid.CreateVersion7();
            foreach (var (method, address) in new[] { ("PATCH", "/v1/me"), ("GET", "/v1/me/sessions"), ("DELETE", "/v1/me/sessions"), ("GET", "/v1/me/tokens"), ("POST", "/v1/me/tokens"), ("GET", $"/v1/me/tokens/{id}"),
                ("DELETE", $"/v1/me/tokens/{id}"), ("POST", "/v1/orgs"), ("POST", "/v1/invitations/acceptance"), ("GET", "/connect/userinfo"), ("POST", "/connect/userinfo") })
            {
                using var request = new HttpRequestMessage(new(method), address) { Content = method is "PATCH" or "POST" ? JsonContent.Create(new { name = "x" }) : null };
                using var answer = await program.SendAsync(request);
                Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {address}: {(int)answer.StatusCode}");
                Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
            }
            foreach (var (method, path) in new[] { ("POST", "/transfer"), ("DELETE", ""), ("PUT", "/policy"), ("DELETE", "/membership"), ("POST", "/keys"), ("DELETE", $"/keys/{id}") })
            {
                using var request = new HttpRequestMessage(new(method), $"/v1/orgs/{owner.Slug}{path}") { Content = method is "PUT" or "POST" ? JsonContent.Create(new { }) : null };
                using var answer = await program.SendAsync(request);
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{method} {path}: {(int)answer.StatusCode}");
            }
            foreach (var fields in new[] { "grant_type=refresh_token&client_id=czctl&refresh_token=", "grant_type=authorization_code&client_id=czctl&redirect_uri=http://127.0.0.1/callback&code_verifier=" + new string('v', 43) + "&code=" })
                foreach (var client in new[] { anonymous, program })
                {
                    using var answer = await client.PostAsync("/connect/token", Form(fields + secret));
                    Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized && JsonElement.Parse(await answer.Content.ReadAsStringAsync()).TryGetProperty("error", out _), answer.ToString());
                }
        }
        await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
    }

    [Fact]
    public async Task Signing_out_everywhere_disabling_and_deleting_the_person_end_their_tokens()
    {
        using var owner = await fixture.SignUpAsync();
        var address = $"/v1/orgs/{owner.Slug}";
        using var program = fixture.With(await ApiTokenFixture.TokenAsync(owner, All));
        using var key = fixture.With((await ApiTokenFixture.KeyAsync(owner, owner.Slug, "organization.read")).Secret);
        await fixture.ExecuteAsync("update identity.users set lockout_end = 'infinity' where id = $1", owner.UserId);
        await program.GetAsync(address).RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
        await fixture.ExecuteAsync("update identity.users set lockout_end = null where id = $1", owner.UserId);
        await program.GetAsync(address).JsonAsync();

        await owner.Client.DeleteAsync("/v1/me/sessions").JsonAsync(HttpStatusCode.NoContent); // a new security stamp, as by a changed or reset password

        await program.GetAsync(address).RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
        Assert.Equal("ended", (await owner.Client.GetAsync("/v1/me/tokens").JsonAsync()).Items().Single().Text("state"));
        // What is left of the access token's minutes makes no other.
        await owner.Client.PostAsJsonAsync("/v1/me/tokens", Wish("x", All)).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await owner.Client.PostAsJsonAsync($"{address}/keys", Wish("x", ["apps.read"])).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");

        using var other = await fixture.SignUpAsync();
        using var theirs = fixture.With(await ApiTokenFixture.TokenAsync(other, All));
        await theirs.GetAsync("/v1/me").JsonAsync();
        foreach (var person in new[] { owner, other })
            await fixture.ExecuteAsync("delete from identity.users where id = $1", person.UserId);
        await theirs.GetAsync("/v1/me").RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
        await key.GetAsync(address).JsonAsync(); // the organization's, not its maker's
    }

    [Fact]
    public async Task An_organization_that_asks_for_a_second_factor_refuses_tokens_of_sign_ins_without_one()
    {
        using var owner = await fixture.SignUpAsync();
        using var before = fixture.With(await ApiTokenFixture.TokenAsync(owner, All));
        await fixture.ExecuteAsync("update identity.organizations set mfa_required_since = now() - interval '30 days' where organization_id = $1", owner.OrganizationId);

        await before.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Forbidden, "organization.mfa_required");
        await fixture.SignInWithTwoFactorsAsync(owner);
        await before.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Forbidden, "organization.mfa_required");
        using var after = fixture.With(await ApiTokenFixture.TokenAsync(owner, All));
        await after.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
    }

    [Fact]
    public async Task A_key_acts_for_its_organization_and_nobody_in_it()
    {
        using var owner = await fixture.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        var (secret, id) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "clusters.manage", "members.read", "clients.manage", "apps.publish", "apps.read");
        Assert.Equal(("key.created", "robot"), ((await ApiTokenFixture.NewestEntryAsync(owner)).Text("action"), (await ApiTokenFixture.NewestEntryAsync(owner)).GetProperty("target").Text("name")));
        using var program = fixture.With(secret);

        var cluster = await program.PostAsJsonAsync($"/v1/orgs/{owner.OrganizationId}/clusters", new { name = "by-key" }).JsonAsync(HttpStatusCode.Created);
        var entry = await ApiTokenFixture.NewestEntryAsync(owner);
        Assert.Equal(("cluster.created", "apiKey", id.ToString(), "robot"), (entry.Text("action"), entry.GetProperty("actor").Text("kind"), entry.GetProperty("actor").Text("id"), entry.GetProperty("actor").Text("name")));
        Assert.Equal(id, await fixture.QueryAsync<Guid>("select created_by from clusters.clusters where id = $1", cluster.GetProperty("id").GetGuid()));
        await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clusters/by-key/enrolments", new { }).JsonAsync(HttpStatusCode.Created);
        var client = await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clients", new { client = new { name = "made by a key", authenticationMethod = "client_secret_basic", grants = ForItself } }).JsonAsync(HttpStatusCode.Created);
        Assert.Equal(id, await fixture.QueryAsync<Guid>("select created_by from identity.clients where organization_id = $1", owner.OrganizationId));
        using var pods = new DpopKey();
        await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clients/{client.GetProperty("client").GetProperty("id").GetGuid()}/workloads",
            new { issuer = "https://cluster.example", subject = "system:serviceaccount:shop:orders", keys = new { keys = new[] { pods.Jwk } } }).JsonAsync(HttpStatusCode.Created);
        Assert.Equal(id, (await program.GetAsync(ApiTokenFixture.RouteElsewhere.Replace("{org}", owner.Slug, StringComparison.Ordinal)).JsonAsync()).GetProperty("id").GetGuid());

        await program.GetAsync("/v1/me").RefusedAsync(HttpStatusCode.Forbidden, "key.no_person");
        Assert.Equal((owner.Slug, "admin"), ((await program.GetAsync("/v1/orgs").JsonAsync()).Items().Single().Text("slug"), (await program.GetAsync("/v1/orgs").JsonAsync()).Items().Single().Text("role")));
        await program.GetAsync($"/v1/orgs/{other.Slug}/members").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await program.GetAsync(ApiTokenFixture.RouteElsewhere.Replace("{org}", other.OrganizationId.ToString(), StringComparison.Ordinal)).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await other.Client.GetAsync($"/v1/orgs/{other.Slug}/keys/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await other.Client.DeleteAsync($"/v1/orgs/{other.Slug}/keys/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_private_application_is_read_by_tokens_that_may_and_by_no_others()
    {
        using var owner = await fixture.SignUpAsync();
        using var publisher = fixture.With((await ApiTokenFixture.KeyAsync(owner, owner.Slug, "apps.publish", "apps.read")).Secret);
        const string manifest = "name: Test\nappId: hidden\npackage: '@provisioner/appengine'\neditions:\n  - name: stable\n    status: public\n    spec:\n      provisioner:\n        image: example/hidden\n        tag: \"1.0\"\n        ports: 8080\n";
        await publisher.PostAsync($"/v1/orgs/{owner.Slug}/apps/hidden/versions", new StringContent(manifest, Encoding.UTF8, "application/yaml")).JsonAsync(HttpStatusCode.Created);
        Assert.Equal("app.published", (await ApiTokenFixture.NewestEntryAsync(owner)).Text("action"));
        var address = $"/v1/apps/{owner.Slug}/hidden";
        using var may = fixture.With(await ApiTokenFixture.TokenAsync(owner, ["apps.read"]));
        using var mayNot = fixture.With(await ApiTokenFixture.TokenAsync(owner, ["clusters.read"]));
        using var wrong = fixture.With(ApiToken.Create().Reveal());

        await publisher.GetAsync(address).JsonAsync();
        await may.GetAsync(address).JsonAsync();
        await mayNot.GetAsync(address).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await wrong.GetAsync(address).RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
    }

    [Fact]
    public async Task A_key_manages_members_up_to_its_role_and_what_it_offered_ends_with_it()
    {
        using var owner = await fixture.SignUpAsync();
        using var member = await fixture.MemberAsync(owner, "viewer");
        var (secret, id) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "members.manage", "members.read");
        using var program = fixture.With(secret);
        var members = $"/v1/orgs/{owner.Slug}/members";

        await program.ChangeAsync(HttpMethod.Patch, $"{members}/{member.UserId}", new { role = "admin" }).JsonAsync();
        await program.ChangeAsync(HttpMethod.Patch, $"{members}/{member.UserId}", new { role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await program.DeleteAsync($"{members}/{owner.UserId}").RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        await program.DeleteAsync($"{members}/{member.UserId}").JsonAsync(HttpStatusCode.NoContent);
        var entry = await ApiTokenFixture.NewestEntryAsync(owner);
        Assert.Equal(("member.removed", "apiKey"), (entry.Text("action"), entry.GetProperty("actor").Text("kind")));
        await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/invitations", new { email = "above@example.com", role = "owner" }).RefusedAsync(HttpStatusCode.Forbidden, "member.role_above_own");
        var invitation = await program.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/invitations", new { email = $"{Guid.CreateVersion7():N}@example.com", role = "viewer" }).JsonAsync(HttpStatusCode.Created);

        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/keys/{id}").JsonAsync(HttpStatusCode.NoContent);
        Assert.Equal("key.revoked", (await ApiTokenFixture.NewestEntryAsync(owner)).Text("action"));
        Assert.Equal("revoked", (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/invitations/{invitation.GetProperty("id").GetGuid()}").JsonAsync()).Text("state"));
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/keys/{id}").JsonAsync(HttpStatusCode.NoContent);
        await program.GetAsync(members).RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
    }

    [Fact]
    public async Task A_wrong_wish_is_refused_by_its_field()
    {
        using var owner = await fixture.SignUpAsync();
        foreach (var address in new[] { "/v1/me/tokens", $"/v1/orgs/{owner.Slug}/keys" })
            foreach (var (field, body) in new[]
            {
                ("name", """{"name":"\n","permissions":["apps.read"]}"""),
                ("name", """{"permissions":["apps.read"]}"""),
                ("permissions", """{"name":"x"}"""),
                ("permissions", """{"name":"x","permissions":[]}"""),
                ("permissions", """{"name":"x","permissions":["keys.manage"]}"""),
                ("permissions", """{"name":"x","permissions":["apps.read","everything"]}"""),
                ("permissions", """{"name":"x","permissions":["apps.read",null]}"""),
                ("expiresInDays", """{"name":"x","permissions":["apps.read"],"expiresInDays":0}"""),
                ("expiresInDays", """{"name":"x","permissions":["apps.read"],"expiresInDays":367}"""),
            })
            {
                var problem = await owner.Client.PostAsync(address, new StringContent(body, Encoding.UTF8, "application/json")).RefusedAsync(HttpStatusCode.BadRequest, "validation");
                Assert.Contains(field, problem.GetProperty("errors").EnumerateObject().Select(error => error.Name.Split('[')[0]));
            }
    }

    [Fact]
    public async Task A_key_gets_no_role_above_its_maker_admin_or_below_its_permissions()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        var keys = $"/v1/orgs/{owner.Slug}/keys";

        await owner.Client.PostAsJsonAsync(keys, Wish("x", ["apps.read"], "owner")).RefusedAsync(HttpStatusCode.Forbidden, "key.role_above_own");
        await admin.Client.PostAsJsonAsync(keys, Wish("x", ["apps.publish"], "viewer")).RefusedAsync(HttpStatusCode.BadRequest, "validation");
        Assert.Equal("developer", (await admin.Client.PostAsJsonAsync(keys, Wish("x", ["apps.publish", "apps.read"])).JsonAsync(HttpStatusCode.Created)).GetProperty("key").Text("role"));
        Assert.Equal("admin", (await admin.Client.PostAsJsonAsync(keys, Wish("x", ["apps.read"], "admin")).JsonAsync(HttpStatusCode.Created)).GetProperty("key").Text("role"));
        using var developer = await fixture.MemberAsync(owner, "developer");
        await developer.Client.PostAsJsonAsync(keys, Wish("x", ["apps.read"])).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
        await developer.Client.GetAsync(keys).RefusedAsync(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task An_older_sign_in_makes_no_token_and_no_key_but_revokes_them()
    {
        using var owner = await fixture.SignUpAsync();
        var (_, key) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "apps.read");
        await fixture.ExecuteAsync("update identity.grants set authenticated_at = now() - interval '11 minutes' where user_id = $1", owner.UserId);
        await owner.RenewAsync();

        await owner.Client.PostAsJsonAsync("/v1/me/tokens", Wish("x", All)).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await owner.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/keys", Wish("x", ["apps.read"])).RefusedAsync(HttpStatusCode.Forbidden, "reauthentication.required");
        await owner.Client.DeleteAsync($"/v1/orgs/{owner.Slug}/keys/{key}").JsonAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Of_fifty_that_are_made_at_once_no_more_are_than_there_may_be()
    {
        using var owner = await fixture.SignUpAsync();
        await fixture.ExecuteAsync("""
            insert into identity.personal_tokens (id, user_id, name, hash, permissions, amr, security_stamp, created_at, expires_at)
            select gen_random_uuid(), $1, 'old', sha256(n::text::bytea || $1::text::bytea), '{apps.read}', '{pwd}', security_stamp, now(), now() + interval '1 day' from generate_series(1, 45) n, identity.users where identity.users.id = $1
            """, owner.UserId);
        await fixture.ExecuteAsync("""
            insert into identity.api_keys (organization_id, id, name, hash, role, permissions, created_by, created_at, expires_at)
            select $1, gen_random_uuid(), 'old', sha256(n::text::bytea), 'viewer', '{apps.read}', $2, now(), now() + interval '1 day' from generate_series(1, 95) n
            """, owner.OrganizationId, owner.UserId);

        foreach (var address in new[] { "/v1/me/tokens", $"/v1/orgs/{owner.Slug}/keys" })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await owner.Client.PostAsJsonAsync(address, Wish("raced", ["apps.read"]))).StatusCode));
            Assert.Equal((5, 45), (answers.Count(status => status == HttpStatusCode.Created), answers.Count(status => status == HttpStatusCode.Conflict)));
        }
        Assert.Equal(50, await fixture.QueryAsync<long>("select count(*) from identity.personal_tokens where user_id = $1", owner.UserId));
        Assert.Equal(100, await fixture.QueryAsync<long>("select count(*) from identity.api_keys where organization_id = $1", owner.OrganizationId));

        await fixture.ExecuteAsync("update identity.personal_tokens set revoked_at = now() where user_id = $1", owner.UserId);
        await ApiTokenFixture.TokenAsync(owner, All);
        var first = await owner.Client.GetAsync("/v1/me/tokens?limit=30").JsonAsync();
        Assert.Equal(30, first.Items().Count());
        Assert.Equal(21, (await owner.Client.GetAsync($"/v1/me/tokens?limit=30&cursor={first.Text("next")}").JsonAsync()).Items().Count());
    }

    [Fact]
    public async Task A_use_is_noted_at_most_once_a_minute()
    {
        using var owner = await fixture.SignUpAsync();
        var (key, _) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "apps.read");
        var token = await ApiTokenFixture.TokenAsync(owner, ["apps.read"]);
        foreach (var (secret, table) in new[] { (key, "api_keys"), (token, "personal_tokens") })
        {
            using var program = fixture.With(secret);
            Assert.True(await fixture.QueryAsync<bool>($"select last_used_at is null from identity.{table} where hash = $1", ApiToken.Parse(secret)!.Hash));
            await program.GetAsync("/v1/orgs").JsonAsync();
            var first = await UsedAsync();
            await program.GetAsync("/v1/orgs").JsonAsync();
            Assert.Equal(first, await UsedAsync());
            await fixture.ExecuteAsync($"update identity.{table} set last_used_at = now() - interval '61 seconds' where hash = $1", ApiToken.Parse(secret)!.Hash);
            await program.GetAsync("/v1/orgs").JsonAsync();
            Assert.True(await UsedAsync() >= first);

            Task<DateTime> UsedAsync() => fixture.QueryAsync<DateTime>($"select last_used_at from identity.{table} where hash = $1", ApiToken.Parse(secret)!.Hash);
        }
    }

    [Fact]
    public async Task The_database_has_the_hash_alone_and_the_log_neither()
    {
        using var owner = await fixture.SignUpAsync();
        var (key, _) = await ApiTokenFixture.KeyAsync(owner, owner.Slug, "apps.read");
        var token = await ApiTokenFixture.TokenAsync(owner, ["apps.read"]);
        var mistyped = token[..^1] + (token[^1] == 'a' ? 'b' : 'a');
        foreach (var secret in new[] { key, token, mistyped })
        {
            using var program = fixture.With(secret);
            await program.GetAsync($"/v1/orgs/{owner.Slug}/apps");
            await program.GetAsync("/v1/me/sessions");
            await program.GetAsync("/connect/userinfo");
        }

        Assert.Equal(1, await fixture.QueryAsync<long>("select count(*) from identity.personal_tokens where hash = $1", ApiToken.Parse(token)!.Hash));
        foreach (var secret in new[] { key, token })
        {
            foreach (var table in new[] { "identity.personal_tokens", "identity.api_keys", "identity.audit_events" })
                Assert.Equal(0, await fixture.QueryAsync<long>(string.Create(CultureInfo.InvariantCulture, $"select count(*) from {table} rows where rows::text like '%' || $1 || '%'"), secret[30..^6]));
            Assert.DoesNotContain(fixture.Log.Lines, line => line.Contains(secret[^20..^6], StringComparison.Ordinal));
            var hash = Convert.ToHexString(ApiToken.Parse(secret)!.Hash);
            Assert.DoesNotContain(fixture.Log.Lines, line => line.Contains(hash, StringComparison.OrdinalIgnoreCase));
        }
        Assert.NotEmpty(fixture.Log.Lines);
    }

    [Fact]
    public async Task One_person_neither_sees_nor_revokes_anothers_token()
    {
        using var owner = await fixture.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        using var program = fixture.With(await ApiTokenFixture.TokenAsync(owner, ["organization.read"]));
        var id = (await owner.Client.GetAsync("/v1/me/tokens").JsonAsync()).Items().Single().GetProperty("id").GetGuid();

        await other.Client.GetAsync($"/v1/me/tokens/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await other.Client.DeleteAsync($"/v1/me/tokens/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await program.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
        await owner.Client.DeleteAsync($"/v1/me/tokens/{id}").JsonAsync(HttpStatusCode.NoContent);
        await owner.Client.DeleteAsync($"/v1/me/tokens/{id}").JsonAsync(HttpStatusCode.NoContent);
        await program.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
    }

    [Fact]
    public async Task Tokens_and_keys_are_made_and_revoked_on_pages_that_show_the_secret_once()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = new Browser(fixture.Hub.Address);
        await browser.SignInAsync(owner.Email, TestPerson.Password);
        foreach (var (list, prefix) in new[] { ("/account/tokens", "czp_"), ($"/organizations/{owner.Slug}/keys", "czo_") })
        {
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"{list}/new")).StatusCode);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("name", "From a page"), ("days", "90"))).StatusCode);
            Assert.Contains("role=\"alert\"", browser.Page, StringComparison.Ordinal);
            Assert.Contains("value=\"From a page\"", browser.Page, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("name", "From a page"), ("days", "90"), ("permissions", ""))).StatusCode); // once an error of the Hub, or a token for nothing
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("name", "From a page"), ("days", "5000"), ("permissions", "apps.read"))).StatusCode);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.SubmitAsync(("name", "From a page"), ("days", "90"), ("permissions", "keys.manage"))).StatusCode);

            var made = await browser.SubmitAsync(("name", "From a page"), ("days", "30"), ("permissions", "apps.read"), ("permissions", "organization.read"));
            Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
            await browser.FollowAsync(made);
            var secret = System.Text.RegularExpressions.Regex.Match(browser.Page, $"value=\"(?<secret>{prefix}[0-9A-Za-z]+)\"").Groups["secret"].Value;
            using var program = fixture.With(secret);
            await program.GetAsync($"/v1/orgs/{owner.Slug}").JsonAsync();
            await browser.GetAsync($"{list}/new");
            Assert.DoesNotContain(secret, browser.Page, StringComparison.Ordinal);

            await browser.GetAsync(list);
            Assert.Contains("From a page", browser.Page, StringComparison.Ordinal);
            Assert.Contains("just now", browser.Page, StringComparison.Ordinal);
            var id = System.Text.RegularExpressions.Regex.Match(browser.Page, "name=\"revoke\" value=\"(?<id>[0-9a-f-]+)\"").Groups["id"].Value;
            await browser.FollowAsync(await browser.SubmitAsync(("revoke", id)));
            Assert.Contains("revoked", browser.Page, StringComparison.Ordinal);
            await program.GetAsync($"/v1/orgs/{owner.Slug}").RefusedAsync(HttpStatusCode.Unauthorized, "token.invalid");
        }

        using var viewer = await fixture.MemberAsync(owner, "developer");
        using var theirs = new Browser(fixture.Hub.Address);
        await theirs.SignInAsync(viewer.Email, TestPerson.Password);
        foreach (var page in new[] { "keys", "keys/new" })
            Assert.Equal(HttpStatusCode.Forbidden, (await theirs.GetAsync($"/organizations/{owner.Slug}/{page}")).StatusCode);
        await fixture.ExecuteAsync("update identity.sessions set proved_at = now() - interval '11 minutes', authenticated_at = now() - interval '11 minutes' where user_id = $1", owner.UserId);
        foreach (var page in new[] { "/account/tokens/new", $"/organizations/{owner.Slug}/keys/new" })
            Assert.StartsWith("/reauthenticate", (await browser.GetAsync(page)).Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    private static StringContent Form(string fields) => new(fields, Encoding.ASCII, "application/x-www-form-urlencoded");

    private static object Wish(string name, string[] permissions, string? role = null, string[]? organizations = null) => new { name, permissions, role, organizations };
}
