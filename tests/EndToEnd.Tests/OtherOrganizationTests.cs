using System.Net;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Hub.Client;

namespace CodeZero.EndToEnd.Tests;

/// <summary>What another organization has is not there: not with another answer than what never was.</summary>
public sealed class OtherOrganizationTests(OtherOrganizationTests.TwoPeople people) : IClassFixture<OtherOrganizationTests.TwoPeople>
{
    [Fact]
    public async Task Nothing_of_another_organization_is_found_with_czctl()
    {
        var (hers, his) = (people.Person, people.Stranger);
        string[] asHers = ["--org", hers.Organization];
        string[][] questions =
        [
            ["app", "show", $"{hers.Organization}/private"],
            ["app", "list", .. asHers],
            ["clusters", "list", .. asHers],
            ["clusters", "show", TwoPeople.Cluster, .. asHers],
            ["clusters", "create", "mine", .. asHers],
            ["clusters", "accept", TwoPeople.Cluster, "--thumbprint", new string('A', 43), .. asHers],
            ["install", $"{hers.Organization}/private", "--cluster", TwoPeople.Cluster, "--namespace", "web", .. asHers],
            ["status", "web/private", "--cluster", TwoPeople.Cluster, .. asHers],
            ["uninstall", "web/private", "--cluster", TwoPeople.Cluster, "--yes", .. asHers],
        ];
        foreach (var question in questions)
        {
            var outcome = await his.TryCzctlAsync(question);
            Assert.True(outcome.ExitCode == 4, outcome.ToString());
        }
    }

    [Fact]
    public async Task The_answer_about_another_organization_s_thing_is_the_one_about_nothing()
    {
        var (hers, his) = (people.Person, people.Stranger);
        var theirs = await AskAsync(() => his.Api.Clusters.GetAsync(hers.Organization, TwoPeople.Cluster));
        var nothing = await AskAsync(() => his.Api.Clusters.GetAsync("no-such-organization", "no-such-cluster"));
        var byId = await AskAsync(() => his.Api.Clusters.GetAsync(his.Organization, people.ClusterId.ToString()));

        Assert.All(new[] { theirs, nothing, byId }, answer => Assert.Equal(HttpStatusCode.NotFound, answer.Status));
        Assert.Equal((nothing.Code, nothing.Message), (theirs.Code, theirs.Message));
        Assert.Equal((nothing.Code, nothing.Message), (byId.Code, byId.Message));
    }

    [Fact]
    public async Task A_private_application_of_another_organization_cannot_be_installed()
    {
        var (hers, his) = (people.Person, people.Stranger);
        await his.Api.Clusters.CreateAsync(his.Organization, "own");

        var refused = await AskAsync(() => his.Api.Installs.CreateAsync(his.Organization, "own", new($"{hers.Organization}/private", null, null, "private", "web", null, null)));

        Assert.Equal("install.version_unknown", refused.Code);
    }

    private static async Task<HubException> AskAsync<T>(Func<Task<T>> question) => await Assert.ThrowsAsync<HubException>(question);

    /// <summary>Two people of two organizations; the first has a private application and a cluster.</summary>
    public sealed class TwoPeople : HubWithPerson
    {
        public const string Cluster = "hers";
        private Person? _stranger;

        public Person Stranger => _stranger ?? throw new InvalidOperationException("The fixture has not started.");
        public Guid ClusterId { get; private set; }

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            _stranger = await Person.ArriveAsync(Address, "bob");
            await Person.CzctlAsync("app", "publish", Person.Write("private/c6o.yaml", Manifests.Of("private")));
            ClusterId = (await Person.Api.Clusters.CreateAsync(Person.Organization, Cluster)).Id;
            await Person.Api.Installs.CreateAsync(Person.Organization, Cluster, new($"{Person.Organization}/private", null, null, "private", "web", null, null));
        }

        public override async Task DisposeAsync()
        {
            _stranger?.Dispose();
            await base.DisposeAsync();
        }
    }
}
