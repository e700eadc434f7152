namespace CodeZero.Architecture.Tests;

/// <summary>Who may know whom. A change here is a decision: write it down in <c>docs/adr</c>.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["AppManifest"] = [],
        ["AgentProtocol"] = ["AppManifest"], // docs/adr/0002: one canonical form
        ["Hub.Contracts"] = [],
        ["Hub.Client"] = [],
        ["Hub.Platform"] = ["Hub.Contracts"],
        ["Hub.Identity"] = ["Hub.Contracts", "Hub.Platform"],
        ["Hub.Billing"] = ["Hub.Contracts", "Hub.Platform"],
        ["Hub.Registry"] = ["Hub.Contracts", "Hub.Platform", "AppManifest"],
        ["Hub.Clusters"] = ["Hub.Contracts", "Hub.Platform", "AppManifest", "AgentProtocol"],
        ["Hub.Web"] = ["Hub.Client", "AppManifest"],
        ["Cli"] = ["Hub.Client", "AppManifest", "AgentProtocol"], // docs/adr/0002: an approval is signed where it is given
        ["Marina"] = ["Hub.Client", "AppManifest"],
        ["Hub.Api"] = ["Hub.Contracts", "Hub.Platform", "Hub.Identity", "Hub.Registry", "Hub.Billing", "Hub.Clusters", "Hub.Web"],
        ["ClusterAgent"] = ["AgentProtocol", "AppManifest"],
        ["DevCluster"] = [],
    };

    [Fact]
    public void Projects_reference_only_what_the_table_allows() => Findings.None(
        from project in Repository.Projects
        where !project.IsTests
        from reference in project.References
        where !Allowed.GetValueOrDefault(project.Name, []).Contains(reference)
        select $"{project.Name} → {reference}");

    [Fact]
    public void There_is_no_product_project_beside_those_of_the_table() =>
        Findings.None(Repository.Projects.Where(project => !project.IsTests).Select(project => project.Folder).Except(Allowed.Keys));

    [Fact]
    public void Internals_are_shown_to_tests_only() => Findings.None(
        from project in Repository.Projects
        from friend in project.Friends
        where !friend.EndsWith(".Tests", StringComparison.Ordinal)
        select $"{project.Name} shows its internals to {friend}");

    [Fact]
    public void The_solution_has_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "CodeZero.sln")).Replace('\\', '/');

        Assert.All(Repository.Projects, project => Assert.Contains($"{project.Folder}/{project.Name}.csproj", solution, StringComparison.Ordinal));
    }
}
