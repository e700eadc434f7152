using System.Net;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>The Hub, its database, the agent: each may go, and what runs goes on.</summary>
public sealed class OutageTests(OutageTests.WithOwnPostgres platform) : IClassFixture<OutageTests.WithOwnPostgres>
{
    [Fact]
    public async Task Without_the_Hub_a_deleted_deployment_comes_back()
    {
        const string ns = "healing";
        await platform.InstallAsync(ns);
        await WithoutHubAsync(async () =>
        {
            await platform.Cluster.KubectlAsync("-n", ns, "delete", "deployment", "vaultwarden");

            await AvailableAsync(ns);
        });
    }

    [Fact]
    public async Task An_agent_that_starts_without_the_Hub_holds_and_brings_back_even_a_deleted_App()
    {
        const string ns = "holding";
        await platform.InstallAsync(ns);
        await WithoutHubAsync(async () =>
        {
            await platform.KillAgentAsync();
            await platform.Cluster.KubectlAsync("-n", ns, "delete", "deployment", "vaultwarden");
            platform.StartAgent();
            await AvailableAsync(ns);

            await platform.Cluster.KubectlAsync("-n", ns, "delete", "app", "vaultwarden", "--timeout=30s");

            await platform.Cluster.KubectlAsync("-n", ns, "wait", "--for=create", "app/vaultwarden", "--timeout=60s");
            await AvailableAsync(ns);
        });
    }

    [Fact]
    public async Task When_the_Hub_is_back_the_agent_tells_what_happened_and_does_what_is_wanted_since()
    {
        const string ns = "meanwhile";
        await platform.InstallAsync(ns);
        await WithoutHubAsync(async () =>
        {
            Assert.Equal(5, (await platform.Person.TryCzctlAsync("clusters", "list")).ExitCode);
            await platform.Cluster.KubectlAsync("-n", ns, "delete", "deployment", "vaultwarden");
            await AvailableAsync(ns);
        });

        await platform.UntilAsync(ns, install => install.Drift > 0);
        await platform.InstallAsync("afterwards");
    }

    [Fact]
    public async Task Without_its_database_the_Hub_says_when_to_come_back_and_needs_no_restart()
    {
        const string ns = "no-database";
        await platform.InstallAsync(ns);
        using var client = platform.CreateClient();
        await platform.Postgres.StopAsync();
        try
        {
            foreach (var path in new[] { "/v1/apps", $"/v1/apps/{platform.Person.Organization}/vaultwarden", "/readyz" })
            {
                using var answer = await client.GetAsync(path);
                Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{path}: {answer.StatusCode}");
                Assert.True(path == "/readyz" || answer.Headers.RetryAfter?.Delta > TimeSpan.Zero, path);
            }
            using var alive = await client.GetAsync("/healthz");
            Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
            await platform.Cluster.KubectlAsync("-n", ns, "delete", "deployment", "vaultwarden");
            await AvailableAsync(ns);
        }
        finally
        {
            await platform.Postgres.StartAsync();
        }

        await Eventually.HoldsAsync(async () =>
        {
            using var ready = await client.GetAsync("/readyz");
            return ready.IsSuccessStatusCode;
        });
        await platform.InstallAsync("database-back");
    }

    private async Task WithoutHubAsync(Func<Task> meanwhile)
    {
        await platform.StopHubAsync();
        try
        {
            await meanwhile();
        }
        finally
        {
            await platform.StartHubAsync();
        }
    }

    private async Task AvailableAsync(string ns)
    {
        await platform.Cluster.KubectlAsync("-n", ns, "wait", "--for=create", "deployment/vaultwarden", "--timeout=60s");
        await platform.Cluster.KubectlAsync("-n", ns, "wait", "--for=condition=Available", "deployment/vaultwarden", "--timeout=30s");
    }

    /// <summary>Everything over a PostgreSQL of its own, which may be stopped.</summary>
    public sealed class WithOwnPostgres : Platform
    {
        private PostgresServer? _postgres;

        public PostgresServer Postgres => _postgres ?? throw new InvalidOperationException("The fixture has not started.");

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            if (_postgres is not null)
                await _postgres.DisposeAsync();
        }

        protected override async Task<TestDatabase> CreateDatabaseAsync()
        {
            _postgres = await PostgresServer.StartNewAsync();
            return await TestDatabase.CreateAsync(_postgres);
        }
    }
}
