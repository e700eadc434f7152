using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace CodeZero.Testing;

/// <summary>One Hub over one database for a test class (<c>IClassFixture&lt;HubFixture&gt;</c>); each test makes an organization of its own.</summary>
public class HubFixture : IAsyncLifetime
{
    private TestDatabase? _database;
    private HubInstance? _hub;

    public TestDatabase Database => _database ?? throw NotStarted();
    public HubInstance Hub => _hub ?? throw NotStarted();

    /// <summary>Settings beside those every test Hub has.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    /// <summary>Services beside the Hub's own, registered before them.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _hub = await HubInstance.StartAsync(_database, Settings, Configure);
    }

    public async Task DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    /// <summary>A new person with a new organization, signed in.</summary>
    public Task<TestPerson> SignUpAsync(string? organization = null) => TestPerson.SignUpAsync(Hub, organization);

    /// <summary>Makes a person a member of another's organization, which no route does yet.</summary>
    /// <param name="role"><c>viewer</c>, <c>billing</c>, <c>developer</c>, <c>admin</c> or <c>owner</c>.</param>
    public async Task JoinAsync(TestPerson person, Guid organizationId, string role)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var insert = new NpgsqlCommand("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, $3, now()) on conflict (organization_id, user_id) do update set role = excluded.role", connection)
        {
            Parameters = { new() { Value = organizationId }, new() { Value = person.UserId }, new() { Value = role } },
        };
        await insert.ExecuteNonQueryAsync();
    }

    private static InvalidOperationException NotStarted() => new("The fixture has not started.");
}
