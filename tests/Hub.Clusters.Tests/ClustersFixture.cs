using CodeZero.Hub.Clusters.States;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Clusters.Tests;

/// <summary>
/// One database and two replicas, as in production: members speak to the one, agents to the other, so that whatever one does must reach the other through the
/// database. The members' replica believes an issuer of the test's own; the agents' one is its own issuer, with the real token endpoint.
/// </summary>
public class ClustersFixture : IAsyncLifetime
{
    private TestDatabase? _database;
    private TestIssuer? _issuer;
    private HubInstance? _members, _agents;

    public TestDatabase Database => _database!;
    public TestIssuer Issuer => _issuer!;
    public HubInstance Members => _members!;
    public HubInstance Agents => _agents!;

    /// <summary>All of a test class comes from one address.</summary>
    private static readonly Dictionary<string, string?> Unlimited = new()
    {
        ["Hub:Identity:Limits:SignUpsPerMinute"] = "100000",
        ["Hub:Identity:Limits:TokenRequestsPerMinute"] = "100000",
        ["Hub:RateLimits:AddressPerMinute"] = "100000",
    };

    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _issuer = await TestIssuer.StartAsync();
        var settings = Settings.Concat(Unlimited).ToDictionary();
        _members = await HubInstance.StartAsync(_database, settings.Concat(_issuer.Settings).ToDictionary());
        _agents = await HubInstance.StartAsync(_database, settings);
    }

    public async Task DisposeAsync()
    {
        foreach (var part in new IAsyncDisposable?[] { _agents, _members, _issuer, _database })
            if (part is not null)
                await part.DisposeAsync();
    }

    /// <summary>A new organization, and its owner's client.</summary>
    public async Task<TestOrganization> NewOrganizationAsync()
    {
        var name = $"o{Guid.CreateVersion7():N}"[..30];
        var account = await TestAccount.MakeAsync(Members, $"{name}@example.com", TestPerson.Password, name);
        return new(this, account.OrganizationId, account.Slug, account.UserId);
    }

    /// <summary>A cluster of a new organization with an agent that was accepted.</summary>
    public async Task<TestCluster> NewEnrolledClusterAsync() => await (await NewOrganizationAsync()).NewEnrolledClusterAsync();

    /// <summary>A client with this person's token.</summary>
    public HttpClient ClientOf(Guid user)
    {
        var client = Members.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", Issuer.Issue(user));
        return client;
    }

    /// <summary>A further replica for agents, known by the address of the first.</summary>
    /// <param name="clock">Its clock; default: the real one.</param>
    /// <param name="settings">Further settings.</param>
    public Task<HubInstance> StartReplicaAsync(TimeProvider? clock = null, IReadOnlyDictionary<string, string?>? settings = null) => HubInstance.StartAsync(
        Database, Settings.Concat(Unlimited).Concat(settings ?? new Dictionary<string, string?>()).ToDictionary(), services => services.AddSingleton(clock ?? TimeProvider.System), publicUrl: Agents.Address);

    /// <summary>The settings of a replica with so few connections.</summary>
    public IReadOnlyDictionary<string, string?> Connections(int most) => new Dictionary<string, string?>
    {
        ["Hub:Database:Application"] = new NpgsqlConnectionStringBuilder(Database.Application) { MaxPoolSize = most, Timeout = 10 }.ConnectionString,
    };

    /// <summary>Until so many polls of the cluster are held by the agents' replica.</summary>
    public Task HeldAsync(Guid cluster, int polls = 1) => HeldAsync(Agents, cluster, polls);

    /// <summary>Until so many polls of the cluster are held by a replica.</summary>
    public static Task HeldAsync(HubInstance replica, Guid cluster, int polls)
    {
        var waits = replica.Services.GetRequiredService<StateWaits>();
        return Eventually.GetAsync(() => Task.FromResult(waits.HeldOf(cluster)), held => held == polls);
    }

    /// <summary>Locks something until the answer is disposed.</summary>
    public async Task<IAsyncDisposable> LockAsync(string sql, params object[] values)
    {
        var connection = new NpgsqlConnection(Database.Superuser); // not pooled: closing it ends the transaction
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection, await connection.BeginTransactionAsync());
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>How many commands on the module's tables wait for a lock.</summary>
    public async Task<long> BlockedAsync() => (long)(await SqlAsync(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~* 'clusters\\.'"))!;

    /// <summary>Looks at, or tampers with, what row-level security and the Hub would not let anybody.</summary>
    public async Task<object?> SqlAsync(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }
}

/// <summary>The same with <c>Hub:Clusters:RequireAcceptance</c> off.</summary>
public sealed class TrustingFixture : ClustersFixture
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Hub:Clusters:RequireAcceptance"] = "false" };
}
