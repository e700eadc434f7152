using System.Net;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class TenancyTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task Another_organizations_cluster_is_as_if_it_never_was()
    {
        var (mine, theirs) = (await hub.NewOrganizationAsync(), await hub.NewEnrolledClusterAsync());
        var install = await theirs.InstallAsync();
        var never = Guid.CreateVersion7();
        foreach (var suffix in new[] { "", "/enrolments", "/installs", $"/installs/{install.Id()}", "/approvals", "/reports", "/revisions", "/receipts" })
        {
            var foreign = await mine.Client.GetAsync($"{mine.Clusters}/{theirs.Id}{suffix}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            var absent = await mine.Client.GetAsync($"{mine.Clusters}/{never}{suffix}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            Assert.Equal(absent.Text("detail"), foreign.Text("detail"));
            await mine.Client.GetAsync($"/v1/orgs/{theirs.Organization.Slug}/clusters/{theirs.Id}{suffix}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }
        await mine.Client.PostAsync($"{mine.Clusters}/{theirs.Id}/agent/acceptance", new { thumbprint = theirs.Agent.Thumbprint }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await mine.Client.DeleteAsync($"{mine.Clusters}/{theirs.Id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await mine.Client.DeleteAsync($"{mine.Clusters}/{theirs.Id}/agent").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("enrolled", (await theirs.Client.GetAsync(theirs.Path).JsonAsync()).Text("status"));
    }

    [Fact]
    public async Task An_install_of_a_neighbour_cluster_is_not_found_under_this_one()
    {
        var organization = await hub.NewOrganizationAsync();
        var (cluster, neighbour) = (await organization.NewEnrolledClusterAsync(), await organization.NewEnrolledClusterAsync());
        var install = await neighbour.InstallAsync();
        await cluster.Client.GetAsync($"{cluster.Path}/installs/{install.Id()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.PatchAsync(install.Id(), new { paused = true }, "*").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.HandInAsync(install.Id(), cluster.Approve(install)).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Two_organizations_may_use_the_same_cluster_name_and_one_may_not_use_it_twice()
    {
        var (first, second) = (await hub.NewOrganizationAsync(), await hub.NewOrganizationAsync());
        await first.NewClusterAsync("prod");
        await second.NewClusterAsync("prod");
        await first.Client.PostAsync(first.Clusters, new { name = "prod" }).RefusedAsync(HttpStatusCode.Conflict, "cluster.name_taken");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => first.Client.PostAsync(first.Clusters, new { name = "raced" })));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        await first.Client.PostAsync(first.Clusters, new { name = "Prod!" }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
        // Addresses take both: a cluster named like another one's id would be that one, and could itself not be reached.
        foreach (var format in new[] { "D", "N" })
            await first.Client.PostAsync(first.Clusters, new { name = Guid.CreateVersion7().ToString(format) }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task Row_level_security_hides_every_table_when_the_filters_are_off()
    {
        var (mine, theirs) = (await hub.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        await theirs.InstallAsync();
        await using var scope = hub.Members.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(mine.Organization.Id);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        await using var transaction = await db.Database.BeginTransactionAsync();

        Assert.Equal([mine.Id], await db.Clusters.IgnoreQueryFilters().Select(cluster => cluster.Id).ToListAsync());
        Assert.Equal([mine.Agent.Thumbprint], await db.Agents.IgnoreQueryFilters().Select(agent => agent.Thumbprint).ToListAsync());
        Assert.Empty(await db.Installs.IgnoreQueryFilters().ToListAsync());
        Assert.Empty(await db.Blobs.IgnoreQueryFilters().ToListAsync());
        Assert.All(await db.States.IgnoreQueryFilters().ToListAsync(), state => Assert.Equal(mine.Id, state.ClusterId));
        var foreign = await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlAsync(
            $"insert into clusters.blobs (organization_id, digest, content, created_at) values ({theirs.Organization.Id}, {AppManifest.Digest.Of("x"u8).ToString()}, {"x"u8.ToArray()}, now())"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, foreign.SqlState);
    }

    [Theory]
    [InlineData("viewer", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("billing", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("developer", HttpStatusCode.Created, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.Created, HttpStatusCode.Created)]
    public async Task Developers_install_and_admins_enrol(string role, HttpStatusCode install, HttpStatusCode enrol)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        using var member = await cluster.Organization.NewMemberAsync(role);

        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync(cluster.Path)).StatusCode);
        Assert.Equal(install, (await member.PostAsync($"{cluster.Path}/installs", new { app = $"{cluster.Organization.Slug}/hello", name = "hello", @namespace = "default", edition = "stable" })).StatusCode);
        Assert.Equal(enrol, (await member.PostAsync($"{cluster.Path}/enrolments", new { minutes = 5 })).StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(61)]
    public async Task An_enrolment_lasts_one_to_sixty_minutes(int minutes)
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        await organization.Client.PostAsync($"{organization.Clusters}/prod/enrolments", new { minutes }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }
}
