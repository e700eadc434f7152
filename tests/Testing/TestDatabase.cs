using System.Globalization;
using CodeZero.Hub.Api;
using CodeZero.Hub.Identity;
using CodeZero.Hub.Platform.Data;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Testing;

/// <summary>
/// A database of one's own, cloned from a template that was migrated by this build as the real roles would. The template has signing keys, the same for all, because
/// making RSA keys takes longer than most tests.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>The role that owns the schemas.</summary>
    public const string OwnerRole = "hub_owner";

    /// <summary>The role the server runs as.</summary>
    public const string ApplicationRole = "hub_app";

    /// <summary>A superuser of a server to use, as <c>postgresql://user:password@host:port/database</c>; otherwise each test process starts its own.</summary>
    public const string ServerVariable = "CODEZERO_TEST_POSTGRES";

    private const string RolePassword = "hub-tests";
    private const long TemplateLock = 0x636f_6465_7a65_726f;
    private static readonly Lazy<Task<string>> SharedServer = new(async () =>
        Environment.GetEnvironmentVariable(ServerVariable) is { Length: > 0 } given ? FromAddress(new Uri(given)) : (await PostgresServer.StartNewAsync()).Superuser);

    private readonly string _superuser;

    private TestDatabase(string superuser, string name) => (_superuser, Name) = (superuser, name);

    public string Name { get; }

    /// <summary>Connection string of the application role.</summary>
    public string Application => ConnectionString(ApplicationRole);

    /// <summary>Connection string of the owner role.</summary>
    public string Owner => ConnectionString(OwnerRole);

    /// <summary>Connection string of the superuser, for looking at what row-level security hides.</summary>
    public string Superuser => new NpgsqlConnectionStringBuilder(_superuser) { Database = Name }.ConnectionString;

    /// <summary>A migrated database on the shared server, or on one's own.</summary>
    public static async Task<TestDatabase> CreateAsync(PostgresServer? server = null)
    {
        var superuser = server?.Superuser ?? await SharedServer.Value;
        var template = await EnsureTemplateAsync(superuser);
        return await CreateAsync(superuser, $"template {template}");
    }

    /// <summary>A migrated database that no Hub has worked on yet: without signing keys.</summary>
    public static async Task<TestDatabase> CreateUnusedAsync()
    {
        var database = await CreateAsync();
        await ExecuteAsync(database.Superuser, "delete from identity.signing_keys");
        return database;
    }

    /// <summary>A database with the roles, but without any migration.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var superuser = await SharedServer.Value;
        await EnsureTemplateAsync(superuser);
        return await CreateAsync(superuser, "");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pooled in new[] { Application, Superuser })
            using (var pool = new NpgsqlConnection(pooled))
                NpgsqlConnection.ClearPool(pool);
        await ExecuteAsync(_superuser, $"drop database if exists {Name} with (force)");
    }

    private static async Task<TestDatabase> CreateAsync(string superuser, string options)
    {
        var name = $"hub_test_{Guid.CreateVersion7():N}";
        await ExecuteAsync(superuser, $"create database {name} owner {OwnerRole} {options}");
        return new(superuser, name);
    }

    /// <summary>Makes the template once per set of migrations, however many test processes ask at once.</summary>
    private static async Task<string> EnsureTemplateAsync(string superuser)
    {
        await using var build = HubApplication.CreateBuilder([]).Build();
        var migrator = build.Services.GetRequiredService<Migrator>();
        var template = $"hub_template_{migrator.Fingerprint}";
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(superuser) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({TemplateLock})"));
        await using var find = new NpgsqlCommand("select exists (select from pg_database where datname = $1 and datistemplate)", connection) { Parameters = { new() { Value = template } } };
        if (await find.ExecuteScalarAsync() is true)
            return template;
        foreach (var role in new[] { OwnerRole, ApplicationRole })
            await ExecuteAsync(connection, $"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role} login password '{RolePassword}'; end if; end $$");
        await ExecuteAsync(connection, $"drop database if exists {template} with (force)");
        await ExecuteAsync(connection, $"create database {template} owner {OwnerRole}");
        await using (var owner = NpgsqlDataSource.Create(new TestDatabase(superuser, template).Owner))
            await migrator.ApplyAsync(owner, ApplicationRole, CancellationToken.None);
        await MakeSigningKeysAsync(new TestDatabase(superuser, template));
        await ExecuteAsync(connection, $"alter database {template} is_template true");
        return template;
    }

    /// <summary>What the first start does.</summary>
    private static async Task MakeSigningKeysAsync(TestDatabase database)
    {
        await using var hub = HubApplication.CreateBuilder([], builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hub:PublicUrl"] = "http://127.0.0.1",
            ["Hub:Identity:Issuer"] = "http://127.0.0.1",
            ["Hub:Database:Application"] = database.Application,
            ["Hub:DataProtection:MasterKeyFile"] = TestKeys.MasterKeyFile,
        })).Build();
        await using var scope = hub.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<ISigningKeys>().RotateAsync(CancellationToken.None);
    }

    private static string FromAddress(Uri server) => new NpgsqlConnectionStringBuilder
    {
        Host = server.Host,
        Port = server.Port,
        Database = server.AbsolutePath.Trim('/'),
        Username = Uri.UnescapeDataString(server.UserInfo.Split(':')[0]),
        Password = Uri.UnescapeDataString(server.UserInfo.Split(':').ElementAtOrDefault(1) ?? ""),
        IncludeErrorDetail = true,
    }.ConnectionString;

    private string ConnectionString(string role) =>
        // A machine busy with other tests is no database that is gone: a connection is waited for as long as a request is.
        new NpgsqlConnectionStringBuilder(_superuser) { Database = Name, Username = role, Password = RolePassword, Pooling = true, MaxPoolSize = 30, Timeout = 60 }.ConnectionString;

    private static async Task ExecuteAsync(string superuser, string sql)
    {
        await using var connection = new NpgsqlConnection(superuser);
        await connection.OpenAsync();
        await ExecuteAsync(connection, sql);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
