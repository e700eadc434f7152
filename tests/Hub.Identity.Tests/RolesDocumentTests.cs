using System.Text.RegularExpressions;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

public sealed partial class RolesDocumentTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public void Permissions_are_those_of_docs_roles()
    {
        var documented = PermissionRow().Matches(File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "roles.md"))).Select(match => $"{match.Groups["name"].Value} {match.Groups["role"].Value}");

        Assert.Equal(Permissions.All.Select(permission => $"{permission.Name} {permission.Minimum.ToString().ToLowerInvariant()}"), documented);
    }

    [Fact]
    public void Every_permission_is_in_the_list_and_has_a_name_of_its_own()
    {
        var declared = typeof(Permissions).GetProperties().Where(property => property.PropertyType == typeof(Permission)).Select(property => (Permission)property.GetValue(null)!);

        Assert.Equal(declared.OrderBy(permission => permission.Name), Permissions.All.OrderBy(permission => permission.Name));
        Assert.Equal(Permissions.All.Count, Permissions.All.Select(permission => permission.Name).Distinct().Count());
    }

    [Fact]
    public void Every_route_of_an_organization_stands_in_docs_roles_with_its_role()
    {
        var documented = Row().Matches(File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "roles.md"))).Select(match => $"{match.Groups["route"].Value} {match.Groups["role"].Value}").ToHashSet();

        var routes =
            from endpoint in fixture.Hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            let requirement = endpoint.Metadata.GetMetadata<OrganizationRequirement>()
            where requirement is not null && endpoint.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal)
            from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
            select $"{method} {Constraint().Replace(endpoint.RoutePattern.RawText!, "}").TrimEnd('/')} {requirement.Minimum.ToString().ToLowerInvariant()}";

        var missing = routes.Where(route => !documented.Contains(route)).Order().ToList();
        Assert.True(missing.Count == 0, $"Add to docs/roles.md, or correct there: {string.Join("; ", missing)}");
        Assert.True(documented.Count > 5);
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "CodeZero.sln")))
            directory = directory.Parent;
        return directory.FullName;
    }

    [GeneratedRegex(@"^\| `(?<route>[A-Z]+ /\S+)` \| (?<role>\w+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(?<name>[a-z]+\.[a-z]+)` \| (?<role>\w+) \|", RegexOptions.Multiline)]
    private static partial Regex PermissionRow();

    [GeneratedRegex(":[^}]+}")]
    private static partial Regex Constraint();
}
