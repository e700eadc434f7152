using CodeZero.Testing;
using Npgsql;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>A Hub that can be reached, stopped and started at one address, and a person who has signed up and in.</summary>
public class HubWithPerson : IAsyncLifetime
{
    private TestDatabase? _database;
    private HubInstance? _hub;
    private Wire? _wire;
    private Person? _person;

    public TestDatabase Database => _database ?? throw NotStarted();

    /// <summary>The Hub's process, as far as it is one: what an attacker in it could use.</summary>
    public IServiceProvider HubServices => (_hub ?? throw NotStarted()).Services;

    public Person Person => _person ?? throw NotStarted();

    /// <summary>Where everybody reaches the Hub.</summary>
    public Uri Address => Wire.Address;

    internal Wire Wire => _wire ?? throw NotStarted();

    /// <summary>Settings beside those every test Hub has.</summary>
    protected virtual Dictionary<string, string?> Settings => new()
    {
        // Tests look again and again, which no person would.
        ["Hub:RateLimits:AddressPerMinute"] = "1000000",
        ["Hub:RateLimits:CallerPerMinute"] = "1000000",
        ["Hub:RateLimits:OrganizationPerMinute"] = "1000000",
        ["Hub:Clusters:ReportSeconds"] = "10",
    };

    /// <summary>Whether the person starts czctl as the program it is.</summary>
    protected virtual bool StartsProcesses => false;

    public virtual async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        _wire = await Wire.StartAsync();
        await StartHubAsync();
        _person = await Person.ArriveAsync(Address, "ada", StartsProcesses);
    }

    /// <summary>Starts a Hub at the address.</summary>
    public async Task StartHubAsync()
    {
        _hub = await HubInstance.StartAsync(Database, Settings, publicUrl: Wire.Address);
        Wire.Connect(_hub.Address);
    }

    /// <summary>Takes the Hub away as its host would by dying: no answer, no good-bye.</summary>
    public async Task StopHubAsync()
    {
        await Wire.CutAsync();
        await (_hub ?? throw NotStarted()).DisposeAsync();
        _hub = null;
    }

    /// <summary>A client with no credentials.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    /// <summary>What somebody who may do everything in the database can.</summary>
    public async Task<T?> SqlAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public virtual async Task DisposeAsync()
    {
        _person?.Dispose();
        if (_wire is not null)
            await _wire.DisposeAsync();
        if (_hub is not null)
            await _hub.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    protected virtual Task<TestDatabase> CreateDatabaseAsync() => TestDatabase.CreateAsync();

    private static InvalidOperationException NotStarted() => new("The fixture has not started.");
}
