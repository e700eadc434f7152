using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>ID tokens for clusters' API servers, in exchange for a person's access token: rows M07 and M08.</summary>
[Collection(TokenExchange.Name)]
public sealed class ClusterTokenTests(TokenExchangeFixture fixture) : IAsyncLifetime
{
    private TestPerson _owner = null!;
    private OwnedCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _owner = await fixture.OwnerAsync();
        _cluster = await fixture.ClusterAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_member_gets_an_ID_token_for_one_cluster_and_nothing_else()
    {
        var answer = await Flow.ReadAsync(await _cluster.AskAsync(_owner));

        Assert.Equal(["access_token", "expires_in", "issued_token_type", "token_type"], answer.Select(member => member.Key).Order());
        Assert.Equal(("N_A", 600, TokenExchange.IdToken), (answer["token_type"]!.GetValue<string>(), answer["expires_in"]!.GetValue<int>(), answer["issued_token_type"]!.GetValue<string>()));
        var token = answer["access_token"]!.GetValue<string>();
        Assert.Equal(("RS256", "JWT"), (Jwt.Header(token)["alg"]!.GetValue<string>(), Jwt.Header(token)["typ"]!.GetValue<string>()));
        var claims = Jwt.Claims(token);
        Assert.Equal(["amr", "aud", "auth_time", "azp", "email", "email_verified", "exp", "groups", "iat", "iss", "jti", "sub"], claims.Select(claim => claim.Key).Order());
        Assert.Equal((fixture.Issuer, _cluster.Audience, "czctl", _owner.UserId.ToString(), _owner.Email),
            (claims["iss"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["azp"]!.GetValue<string>(), claims["sub"]!.GetValue<string>(), claims["email"]!.GetValue<string>()));
        Assert.True(claims["email_verified"]!.GetValue<bool>());
        Assert.Equal([$"{_owner.Slug}:member", $"{_owner.Slug}:owner"], claims["groups"]!.AsArray().Select(group => group!.GetValue<string>()));
        Assert.Equal(600, claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>());
    }

    [Fact]
    public async Task The_groups_are_the_role_as_it_is_at_that_moment()
    {
        using var member = await MemberAsync("developer");
        Assert.Equal([$"{_owner.Slug}:member", $"{_owner.Slug}:developer"], await GroupsAsync(member));

        await fixture.ExecuteAsync("update identity.memberships set role = 'viewer' where organization_id = $1 and user_id = $2", _owner.OrganizationId, member.UserId);

        Assert.Equal([$"{_owner.Slug}:member", $"{_owner.Slug}:viewer"], await GroupsAsync(member));
    }

    [Fact]
    public async Task The_audience_may_be_named_as_a_resource()
    {
        await Flow.ReadAsync(await _cluster.AskAsync(_owner, null, "-audience", $"resource={_cluster.Audience}"));
        await Flow.ReadAsync(await _cluster.AskAsync(_owner, null, $"resource={_cluster.Audience}"));
    }

    public static TheoryData<string, string, string[]> WrongRequests => new()
    {
        { "M07 no subject token", "invalid_request", ["-subject_token"] },
        { "M07 garbage", "invalid_request", ["subject_token=garbage"] },
        { "M07 no type", "invalid_request", ["-subject_token_type"] },
        { "M07 another type", "invalid_request", [$"subject_token_type={TokenExchange.IdToken}"] },
        { "M07 a refresh token", "invalid_request", ["subject_token_type=urn:ietf:params:oauth:token-type:refresh_token"] },
        { "M07 no requested type", "invalid_request", ["-requested_token_type"] },
        { "M07 an access token is asked for", "invalid_request", [$"requested_token_type={TokenExchange.AccessToken}"] },
        { "M08 somebody acts", "invalid_request", ["actor_token=x", $"actor_token_type={TokenExchange.JwtType}"] },
        { "M08 an actor without a token", "invalid_request", [$"actor_token_type={TokenExchange.JwtType}"] },
        { "M08 more scope", "invalid_scope", ["scope=openid hub"] },
        { "M08 no audience", "invalid_target", ["-audience"] },
        { "M08 the Hub's API", "invalid_target", ["audience=https://hub.example/v1"] },
        { "M08 a client", "invalid_target", ["audience=spa"] },
        { "M08 two audiences", "invalid_target", ["resource=https://api.hub.example"] },
        { "M08 an audience twice", "invalid_request", ["+audience=https://api.hub.example"] },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task Wrong_requests_get_nothing(string id, string error, string[] changes)
    {
        await Refusal.IsJsonAsync(await _cluster.AskAsync(_owner, null, changes), 400, error);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task M07_Only_a_living_access_token_for_the_Hubs_API_is_exchanged()
    {
        var flow = (await fixture.SignedInAsync()).As("czctl", _owner.Key);
        var cluster = await Flow.ReadAsync(await _cluster.AskAsync(_owner));
        var tokens = await flow.TokensAsync();
        var forProvider = await Flow.ReadAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>(), "scope=openid"));
        string[] wrong =
        [
            cluster["access_token"]!.GetValue<string>(), tokens["id_token"]!.GetValue<string>(), forProvider["access_token"]!.GetValue<string>(), _owner.RefreshToken,
            _owner.AccessToken[..^8] + "AAAAAAAA", (await (await fixture.SignedInAsync()).TokensAsync())["access_token"]!.GetValue<string>(),
        ];

        foreach (var token in wrong)
            await Refusal.IsJsonAsync(await _cluster.AskAsync(_owner, null, $"subject_token={token}"), 400, "invalid_request");

        await _owner.RenewAsync();
        fixture.Clock.Advance(TimeSpan.FromMinutes(10.5));
        await Refusal.IsJsonAsync(await _cluster.AskAsync(_owner), 400, "invalid_request");
        await _owner.RenewAsync();
        await Flow.ReadAsync(await _cluster.AskAsync(_owner));
    }

    [Fact]
    public async Task M07_A_stolen_access_token_is_worth_nothing_without_its_key()
    {
        using var thief = new DpopKey();

        await Refusal.IsJsonAsync(await _cluster.AskAsync(_owner, thief), 400, "invalid_request");
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).TokenAsync([("grant_type", TokenExchange.Grant), ("client_id", "czctl")]), 400, "invalid_dpop_proof");
    }

    [Fact]
    public async Task M07_What_was_signed_out_gets_nothing_more()
    {
        using var member = await MemberAsync("admin");
        await Flow.ReadAsync(await _cluster.AskAsync(member));

        using var signedOut = await member.Client.DeleteAsync("/v1/me/sessions");

        Assert.True(signedOut.IsSuccessStatusCode, await signedOut.Content.ReadAsStringAsync());
        await Refusal.IsJsonAsync(await _cluster.AskAsync(member), 400, "invalid_request");
    }

    [Fact]
    public async Task M08_A_cluster_that_is_not_there_anothers_and_a_stranger_are_answered_alike()
    {
        using var stranger = await TestPerson.SignUpAsync(fixture.Hub);
        var theirs = await OwnedCluster.CreateAsync(fixture, stranger);
        var removed = await OwnedCluster.CreateAsync(fixture, _owner);
        using var gone = await _owner.Client.DeleteAsync($"/v1/orgs/{_owner.Slug}/clusters/{removed.Id}");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        OwnedCluster[] wrong =
        [
            theirs, removed, _cluster with { Id = Guid.CreateVersion7() }, _cluster with { Organization = Guid.CreateVersion7() }, _cluster with { Organization = stranger.OrganizationId }, theirs with { Organization = _owner.OrganizationId },
        ];

        var answers = new HashSet<string>();
        foreach (var cluster in wrong)
            answers.Add(await RefusedAsync(await cluster.AskAsync(_owner)));
        answers.Add(await RefusedAsync(await _cluster.AskAsync(_owner, null, $"audience={_cluster.Audience.ToUpperInvariant()}")));
        answers.Add(await RefusedAsync(await _cluster.AskAsync(_owner, null, $"audience={_cluster.Audience}/")));

        Assert.Single(answers);

        static async Task<string> RefusedAsync(HttpResponseMessage response)
        {
            await Refusal.IsJsonAsync(response, 400, "invalid_target");
            return await response.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task M08_Who_was_removed_gets_no_further_token()
    {
        using var member = await MemberAsync("admin");
        await Flow.ReadAsync(await _cluster.AskAsync(member));

        await fixture.ExecuteAsync("delete from identity.memberships where organization_id = $1 and user_id = $2", _owner.OrganizationId, member.UserId);

        await Refusal.IsJsonAsync(await _cluster.AskAsync(member), 400, "invalid_target");
    }

    [Fact]
    public async Task M08_A_client_without_the_grant_may_not_exchange() =>
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).As("spa", _owner.Key).TokenAsync([("grant_type", TokenExchange.Grant), ("client_id", "spa")]), 400, "unauthorized_client");

    [Fact]
    public async Task Where_the_organization_asks_for_a_second_factor_a_sign_in_without_one_gets_nothing()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var cluster = await OwnedCluster.CreateAsync(fixture, owner);
        await fixture.ExecuteAsync("update identity.organizations set mfa_required_since = now() - interval '8 days' where organization_id = $1", owner.OrganizationId);
        await Refusal.IsJsonAsync(await cluster.AskAsync(owner), 400, "insufficient_user_authentication");

        await fixture.ExecuteAsync("update identity.grants set amr = '{pwd,otp,mfa}' where user_id = $1", owner.UserId);

        await Flow.ReadAsync(await cluster.AskAsync(owner));
    }

    [Fact]
    public async Task I16_An_ID_token_for_a_cluster_opens_nothing_of_the_Hubs()
    {
        var token = (await Flow.ReadAsync(await _cluster.AskAsync(_owner)))["access_token"]!.GetValue<string>();
        using var http = fixture.Hub.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/me")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/connect/userinfo")).StatusCode);
    }

    [Fact]
    public async Task T04_No_organization_can_have_groups_of_Kubernetes_own()
    {
        Assert.False(Domain.Slug.IsValid("system"));
        Assert.Equal("org-system", Domain.Slug.Derive("System"));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => fixture.ExecuteAsync("update identity.directory set slug = 'system' where id = $1", _owner.OrganizationId));
        Assert.Equal(PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    [Fact]
    public async Task A_client_can_have_no_resource_that_is_a_clusters_audience()
    {
        var refused = await _owner.Client.PostAsJsonAsync($"/v1/orgs/{_owner.Slug}/clients", new JsonObject { ["client"] = new JsonObject { ["name"] = "x", ["authenticationMethod"] = "client_secret_basic", ["grants"] = new JsonArray("client_credentials"), ["resources"] = new JsonArray(_cluster.Audience) } })
            .JsonAsync(HttpStatusCode.BadRequest);

        Assert.Contains("API server", refused.GetProperty("errors").GetProperty("client.resources")[0].GetString(), StringComparison.Ordinal);
    }

    private async Task<IEnumerable<string>> GroupsAsync(TestPerson person) =>
        Jwt.Claims((await Flow.ReadAsync(await _cluster.AskAsync(person)))["access_token"]!.GetValue<string>())["groups"]!.AsArray().Select(group => group!.GetValue<string>());

    private async Task<TestPerson> MemberAsync(string role)
    {
        var person = await TestPerson.SignUpAsync(fixture.Hub);
        await fixture.ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, $3, now())", _owner.OrganizationId, person.UserId, role);
        return person;
    }
}
