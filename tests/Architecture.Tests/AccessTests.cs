using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;

namespace CodeZero.Architecture.Tests;

/// <summary>Asks every route there is: who is anonymous gets 401, another organization's member 404, a lower role 403. A new route is asked too, without anybody thinking of it.</summary>
public sealed class AccessTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    [Fact]
    public async Task Anonymous_callers_get_401()
    {
        using var anonymous = hub.Hub.CreateClient();
        var answers = await AskAsync(anonymous, Closed, "acme");

        Assert.NotEmpty(answers);
        Assert.All(answers, answer => Assert.True(answer.Status == 401, answer.ToString()));
    }

    [Fact]
    public async Task Another_organizations_members_get_the_404_of_what_never_existed()
    {
        using var owner = await hub.SignUpAsync();
        using var stranger = await hub.SignUpAsync();

        var foreign = await AskAsync(stranger.Client, OfOrganizations, owner.Slug);
        var byId = await AskAsync(stranger.Client, OfOrganizations, owner.OrganizationId.ToString());
        var nothing = await AskAsync(stranger.Client, OfOrganizations, "never-existed");

        Assert.NotEmpty(foreign);
        Assert.All(foreign.Concat(byId), answer => Assert.True(answer.Status == 404, answer.ToString()));
        Assert.Equal(nothing.Select(answer => answer.Body), foreign.Select(answer => answer.Body));
    }

    [Fact]
    public async Task Members_of_a_lower_role_get_403_and_the_role_they_would_need()
    {
        using var owner = await hub.SignUpAsync();
        foreach (var lower in new[] { OrganizationRole.Viewer, OrganizationRole.Billing, OrganizationRole.Developer, OrganizationRole.Admin })
        {
            using var member = await hub.SignUpAsync();
            await hub.JoinAsync(member, owner.OrganizationId, lower.ToString().ToLowerInvariant());

            var above = OfOrganizations.Where(endpoint => Minimum(endpoint) > lower).ToList();
            var answers = await AskAsync(member.Client, above, owner.Slug);

            Assert.All(answers, answer => Assert.True(answer.Status == 403, $"{lower}: {answer}"));
            Assert.All(answers.Zip(above), pair => Assert.Contains($"role {Minimum(pair.Second).ToString()!.ToLowerInvariant()}", pair.First.Body, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_token_or_key_gets_403_and_the_name_of_the_permission_it_lacks()
    {
        using var owner = await hub.SignUpAsync();
        var each = OfOrganizations.Select(PermissionOf).Distinct().ToList();
        // Two that each have about half, so that every permission is lacking from one, and whatever no token can have from both.
        foreach (var has in new[] { each.Where((_, i) => i % 2 == 0), each.Where((_, i) => i % 2 == 1) }.Select(half => half.Intersect(Permissions.ForTokens).Select(permission => permission!.Name).ToArray()))
            foreach (var (address, asKey) in new[] { ("/v1/me/tokens", false), ($"/v1/orgs/{owner.Slug}/keys", true) })
            {
                using var program = await WithTokenAsync(owner, address, has);
                var lacking = OfOrganizations.Where(endpoint => !has.Contains(PermissionOf(endpoint)!.Name)).ToList();

                var answers = await AskAsync(program, lacking, owner.Slug);

                Assert.NotEmpty(answers);
                Assert.All(answers, answer => Assert.True(answer.Status == 403, $"{address}: {answer}"));
                Assert.All(answers.Zip(lacking), pair => Assert.True(
                    pair.First.Body.Contains($"\"permission\":\"{PermissionOf(pair.Second)!.Name}\"", StringComparison.Ordinal) || (asKey && Minimum(pair.Second) > OrganizationRole.Admin), pair.First.ToString()));
            }
    }

    [Fact]
    public async Task A_token_limited_to_one_organization_and_a_key_of_one_get_404_in_another()
    {
        using var owner = await hub.SignUpAsync();
        using var other = await hub.SignUpAsync();
        await hub.JoinAsync(owner, other.OrganizationId, "owner");
        var all = Permissions.ForTokens.Select(permission => permission.Name).ToArray();
        foreach (var address in new[] { "/v1/me/tokens", $"/v1/orgs/{owner.Slug}/keys" })
        {
            using var program = await WithTokenAsync(owner, address, all, owner.Slug);

            var foreign = await AskAsync(program, OfOrganizations, other.Slug);
            var nothing = await AskAsync(program, OfOrganizations, "never-existed");

            Assert.All(foreign, answer => Assert.True(answer.Status == 404, answer.ToString()));
            Assert.Equal(nothing.Select(answer => answer.Body), foreign.Select(answer => answer.Body));
        }
    }

    [Fact]
    public async Task Where_no_organization_is_asked_for_tokens_are_taken_to_ask_who_one_is_and_for_nothing_else()
    {
        using var owner = await hub.SignUpAsync();
        using var program = await WithTokenAsync(owner, "/v1/me/tokens", [Permissions.ReadOrganization.Name]);
        string[] open = ["/v1/me", "/v1/orgs"];
        var personal = Closed.Except(OfOrganizations).ToList();

        var answers = await AskAsync(program, personal, owner.Slug);

        Assert.NotEmpty(answers);
        Assert.All(answers, answer => Assert.True(answer.Status == (answer.Method == "GET" && open.Contains(answer.Route.TrimEnd('/')) ? 200 : 401), answer.ToString()));
    }

    /// <summary>A program with a token, perhaps limited to an organization, or with a key of the highest role a key can have.</summary>
    private async Task<HttpClient> WithTokenAsync(TestPerson maker, string address, string[] permissions, string? organization = null)
    {
        object wish = address.EndsWith("/keys", StringComparison.Ordinal)
            ? new { name = "asks every route", permissions, role = "admin" }
            : new { name = "asks every route", permissions, organizations = organization is null ? null : new[] { organization } };
        using var made = await maker.Client.PostAsJsonAsync(address, wish);
        var client = hub.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString());
        return client;
    }

    [Fact]
    public async Task People_get_401_where_agents_are_served()
    {
        using var person = await hub.SignUpAsync();

        var answers = await AskAsync(person.Client, [.. hub.Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<AgentRequirement>() is not null)], person.Slug);

        Assert.All(answers, answer => Assert.True(answer.Status == 401, answer.ToString()));
    }

    private IReadOnlyList<RouteEndpoint> Closed => [.. hub.Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)];

    private IReadOnlyList<RouteEndpoint> OfOrganizations => [.. hub.Endpoints.Where(endpoint => Minimum(endpoint) is not null)];

    private static OrganizationRole? Minimum(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<OrganizationRequirement>()?.Minimum;

    private static Permission? PermissionOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<OrganizationRequirement>()?.Permission;

    private static async Task<List<Answer>> AskAsync(HttpClient client, IReadOnlyList<RouteEndpoint> endpoints, string organization)
    {
        var answers = new List<Answer>();
        foreach (var endpoint in endpoints)
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), Address(endpoint, organization));
                if (method is not ("GET" or "HEAD" or "DELETE"))
                    request.Content = new StringContent("{}", MediaTypeHeaderValue.Parse(endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes.FirstOrDefault(type => !type.StartsWith("multipart/", StringComparison.Ordinal)) ?? "application/json"));
                using var answer = await client.SendAsync(request);
                answers.Add(new(method, endpoint.RoutePattern.RawText!, (int)answer.StatusCode, WithoutTrace(await answer.Content.ReadAsStringAsync())));
            }
        return answers;
    }

    private static string Address(RouteEndpoint endpoint, string organization)
    {
        var address = new StringBuilder();
        foreach (var segment in endpoint.RoutePattern.PathSegments)
        {
            address.Append('/');
            foreach (var part in segment.Parts)
                address.Append(part switch
                {
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: OrganizationPolicy.RouteParameter } => organization,
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => Sample(endpoint, parameter.Name),
                    _ => throw new InvalidOperationException($"Unknown part of {endpoint.RoutePattern.RawText}"),
                });
        }
        return address.ToString();
    }

    /// <summary>A value that the parameter's constraint lets through.</summary>
    private static string Sample(RouteEndpoint endpoint, string parameter) =>
        endpoint.RoutePattern.ParameterPolicies.TryGetValue(parameter, out var policies) && policies.Any(policy => policy.ParameterPolicy is GuidRouteConstraint || policy.Content == "guid")
            ? Guid.Empty.ToString()
            : endpoint.RoutePattern.ParameterPolicies.TryGetValue(parameter, out var numbers) && numbers.Any(policy => policy.Content is "int" or "long")
                ? 1.ToString(CultureInfo.InvariantCulture)
                : "sample";

    private static string WithoutTrace(string body)
    {
        if (body.Length == 0 || body[0] != '{')
            return body;
        var problem = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(body)!;
        problem.Remove("traceId");
        return JsonSerializer.Serialize(problem);
    }

    private sealed record Answer(string Method, string Route, int Status, string Body);
}
