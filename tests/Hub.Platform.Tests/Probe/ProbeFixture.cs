using System.Net.Http.Headers;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Platform.Tests.Probe;

/// <summary>A Hub with the probe's routes and database, which believes an issuer of the tests.</summary>
public sealed class ProbeFixture : IAsyncLifetime
{
    private TestDatabase? _database;
    private TestIssuer? _issuer;
    private HubInstance? _hub;

    public TestDatabase Database => _database!;
    public TestIssuer Issuer => _issuer!;
    public HubInstance Hub => _hub!;
    internal Gate Gate { get; private set; } = new();
    internal Seen Seen { get; } = new();

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _database = await CreateDatabaseAsync();
        _hub = await StartHubAsync();
    }

    /// <summary>A Hub, or another replica, with further settings.</summary>
    public async Task<HubInstance> StartHubAsync(IReadOnlyDictionary<string, string?>? settings = null, TestDatabase? database = null, Action<IServiceCollection>? configure = null) =>
        await HubInstance.StartAsync(database ?? Database, new Dictionary<string, string?>((settings ?? new Dictionary<string, string?>()).Concat(Issuer.Settings)), services =>
        {
            configure?.Invoke(services);
            services.AddValidation();
            services.AddModuleDb<ProbeDb>(ProbeDb.Schema).AddHandler<ProbeDb, ThingHappened, RecordThing>();
            services.AddTransient(_ => Gate).AddSingleton(Seen);
        }, app => app.MapProbe());

    public static async Task<TestDatabase> CreateDatabaseAsync(PostgresServer? server = null)
    {
        var database = await TestDatabase.CreateAsync(server);
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await new Migrator([MigrationSource.Embedded(ProbeDb.Schema, typeof(ProbeDb).Assembly)]).ApplyAsync(owner, TestDatabase.ApplicationRole, CancellationToken.None);
        return database;
    }

    /// <summary>A client of a person, by Bearer.</summary>
    public HttpClient CreateClient(Guid? person = null, HubInstance? hub = null)
    {
        var client = (hub ?? Hub).CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Issuer.Issue(person ?? Guid.CreateVersion7()));
        return client;
    }

    /// <summary>The next request for a thing of this name waits in its handler for <see cref="Gate.Open"/>.</summary>
    internal Gate Hold(string name) => Gate = new Gate { Held = name };

    /// <summary>Works as a tenant in a transaction, as a handler does.</summary>
    internal async Task<T> AsTenantAsync<T>(Guid? organization, Func<ProbeDb, Task<T>> work, HubInstance? hub = null)
    {
        await using var scope = (hub ?? Hub).Services.CreateAsyncScope();
        if (organization is { } id)
            scope.ServiceProvider.GetRequiredService<Tenant>().Enter(id);
        var db = scope.ServiceProvider.GetRequiredService<ProbeDb>();
        return await db.InTransactionAsync(() => work(db), CancellationToken.None);
    }

    /// <summary>Looks into the database as the superuser.</summary>
    public async Task<T?> LookAsync<T>(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync() is T found ? found : default;
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable? part in new IAsyncDisposable?[] { _hub, _database, _issuer })
            if (part is not null)
                await part.DisposeAsync();
    }
}
