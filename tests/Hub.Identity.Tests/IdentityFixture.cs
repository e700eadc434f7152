using System.Security.Cryptography;
using System.Text;
using CodeZero.Hub.Contracts;
using CodeZero.Testing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A Hub with the clients of the negative cases, a machine, and a clock that can be put forward.</summary>
public class IdentityFixture : IAsyncLifetime
{
    public const string MachineId = "agent.0192.0193";

    /// <summary>An API that is not the Hub's.</summary>
    public const string Resource = "https://api.hub.example";

    /// <summary>The secret of the clients that have one, with every character that needs care in an Authorization header.</summary>
    public const string Secret = "s3cret:with %+&=/ÄÖ and spaces";

    private static readonly string[] Scopes = ["openid", "hub", "offline_access", "email"];

    private TestDatabase? _database;
    private HubInstance? _hub;
    private Task<Flow>? _signedIn;

    public TestDatabase Database => _database!;
    public HubInstance Hub => _hub!;
    public string Issuer => Hub.Address.GetLeftPart(UriPartial.Authority);
    public ForwardClock Clock { get; } = new();
    public DpopKey WebKey { get; } = new();
    public DpopKey EvilKey { get; } = new();
    public DpopKey MachineKey { get; } = new();

    /// <summary>
    /// By key: <c>web</c>, <c>evil</c>, <c>webps</c>, <c>webrs</c>, <c>m2m</c>. By secret: <c>webs</c>, <c>svc</c>, <c>rs</c> (serves <see cref="Resource"/>). Public: <c>spa</c>, <c>nat</c>, <c>off</c>
    /// (disabled), <c>nocode</c>, <c>online</c> (no offline access), <c>dpop</c>, <c>par</c>, <c>es</c> (ID tokens ES256).
    /// </summary>
    public Dictionary<string, string?> Settings
    {
        get
        {
            var settings = new Dictionary<string, string?>();
            Add("web", ["https://rp.example/cb", "https://rp.example/cb2"], ("PublicKeys:0", WebKey.Jwk.ToJsonString()), ("PostLogoutRedirectUris:0", "https://rp.example/out"),
                ("Resources:0", Resource), ("Resources:1", "https://other-api.example"));
            Add("webps", ["https://rp.example/cb"], ("PublicKeys:0", RsaKey.Jwk.ToJsonString()), ("AssertionAlgorithm", "PS256"));
            Add("webrs", ["https://rp.example/cb"], ("PublicKeys:0", RsaKey.Jwk.ToJsonString()), ("AssertionAlgorithm", "RS256"));
            Add("webs", ["https://rp.example/cb"], ("Secrets:0:Sha256", HashOf("expired")), ("Secrets:0:ExpiresAt", "2020-01-01T00:00:00Z"), ("Secrets:1:Sha256", HashOf(Secret)));
            Add("m2m", [], ("PublicKeys:0", WebKey.Jwk.ToJsonString()), ("Grants:0", "client_credentials"), ("Scopes:4", "orders:read"), ("Scopes:5", "orders:write"),
                ("Resources:0", Resource), ("Resources:1", "https://other-api.example"));
            Add("svc", [], ("Secrets:0:Sha256", HashOf(Secret)), ("Grants:0", "client_credentials"));
            Add("rs", [], ("Secrets:0:Sha256", HashOf(Secret)), ("Grants:0", "client_credentials"), ("Serves:0", Resource));
            Add("dpop", ["https://dpop.example/cb"], ("RequireDpop", "true"));
            Add("par", ["https://par.example/cb"], ("RequirePar", "true"));
            Add("es", ["https://es.example/cb"], ("IdTokenAlgorithm", "ES256"));
            Add("evil", ["https://evil.example/cb"], ("PublicKeys:0", EvilKey.Jwk.ToJsonString()));
            Add("spa", ["https://spa.example/cb", "https://spa.example/cb2"], ("PostLogoutRedirectUris:0", "https://spa.example/out"));
            Add("nat", ["http://127.0.0.1/cb"]);
            Add("off", ["https://off.example/cb"], ("Enabled", "false"));
            Add("nocode", ["https://nocode.example/cb"], ("Grants:0", "refresh_token"));
            Add("online", ["https://online.example/cb"]);
            return settings;

            void Add(string id, string[] redirectUris, params (string Name, string? Value)[] more)
            {
                var client = $"Hub:Identity:Clients:{id}";
                settings[$"{client}:Name"] = $"The client {id}";
                foreach (var (uri, i) in redirectUris.Select((uri, i) => (uri, i)))
                    settings[$"{client}:RedirectUris:{i}"] = uri;
                foreach (var (scope, i) in Scopes.Take(id == "online" ? 2 : 4).Select((scope, i) => (scope, i)))
                    settings[$"{client}:Scopes:{i}"] = scope;
                foreach (var (name, value) in more)
                    settings[$"{client}:{name}"] = value;
            }
        }
    }

    public virtual async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _hub = await StartAsync();
    }

    /// <summary>A further Hub over the same database, or another one.</summary>
    public Task<HubInstance> StartAsync(TestDatabase? database = null, Uri? publicUrl = null) =>
        HubInstance.StartAsync(database ?? Database, Settings.Concat(MoreSettings).ToDictionary(), Configure, publicUrl: publicUrl);

    /// <summary>Settings beside <see cref="Settings"/>.</summary>
    protected virtual IReadOnlyDictionary<string, string?> MoreSettings => new Dictionary<string, string?>();

    /// <summary>The token of the link that was sent to an address.</summary>
    public virtual Task<string> FindTokenAsync(string email) => TestAccount.FindTokenAsync(Hub, email);

    /// <summary>A flow in a browser where somebody is signed in who has allowed every client everything; the same person for all tests of a class.</summary>
    public async Task<Flow> SignedInAsync(string client = "spa") => (await (_signedIn ??= Flow.SignUpAsync(this))).As(client);

    /// <summary>The next one asked for is a new person: this one's session has expired with the clock.</summary>
    public void ForgetPerson() => _signedIn = null;

    public async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> QueryAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public virtual async Task DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        WebKey.Dispose();
        EvilKey.Dispose();
        MachineKey.Dispose();
    }

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private void Configure(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMachineClients>(new Machines(this));
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 1000); // the tests sign in often; how hard a hash is, is not what they look at
    }

    private sealed class Machines(IdentityFixture fixture) : IMachineClients
    {
        public Task<MachineClient?> FindAsync(string clientId, CancellationToken ct) => Task.FromResult(clientId != MachineId ? null : new MachineClient(
            MachineId, fixture.MachineKey.Jwk.ToJsonString(), "agent", fixture.Issuer + "/agent",
            new Dictionary<string, string> { ["org"] = "o-1", ["cluster"] = "c-1", ["sub"] = "somebody-else" }, TimeSpan.FromMinutes(5)));
    }
}

/// <summary>The real time, put forward.</summary>
public sealed class ForwardClock : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
}
