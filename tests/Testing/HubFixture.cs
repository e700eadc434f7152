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

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _hub = await HubInstance.StartAsync(_database, Settings);
    }

    public async Task DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    private static InvalidOperationException NotStarted() => new("The fixture has not started.");
}
