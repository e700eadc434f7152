using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A Hub with a DNS and a mail server of the tests' own.</summary>
public class OrganizationFixture : IAsyncLifetime
{
    private TestDatabase? _database;
    private HubInstance? _hub;

    public TestDatabase Database => _database!;
    public HubInstance Hub => _hub!;
    public DnsServer Dns { get; } = DnsServer.Start();
    public SmtpServer Mail { get; } = SmtpServer.Start();

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _hub = await HubInstance.StartAsync(_database, Dns.Settings.Concat(Mail.Settings).ToDictionary(), Configure, Map);
    }

    /// <summary>Services beside the Hub's own, registered before them.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>Routes beside the Hub's own.</summary>
    protected virtual void Map(WebApplication app)
    {
    }

    public async Task DisposeAsync()
    {
        await Hub.DisposeAsync();
        await Database.DisposeAsync();
        await Dns.DisposeAsync();
        await Mail.DisposeAsync();
    }

    /// <summary>A new person with an organization of their own.</summary>
    public Task<TestPerson> SignUpAsync() => TestPerson.SignUpAsync(Hub, mail: Mail);

    /// <summary>A new person who is also a member of another's organization.</summary>
    public async Task<TestPerson> MemberAsync(TestPerson owner, string role)
    {
        var person = await SignUpAsync();
        await ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, $3, now())", owner.OrganizationId, person.UserId, role);
        return person;
    }

    /// <summary>As if the person had followed the message to their address.</summary>
    public Task ConfirmAsync(TestPerson person) => ExecuteAsync("update identity.users set email_confirmed = true where id = $1", person.UserId);

    /// <summary>As if the person had signed in with two factors.</summary>
    public async Task SignInWithTwoFactorsAsync(TestPerson person)
    {
        await ExecuteAsync("update identity.grants set amr = '{pwd,otp,mfa}' where user_id = $1", person.UserId);
        await person.RenewAsync();
    }

    /// <summary>Sends requests at once which wait for a lock by its name, and lets them go on when all of them wait.</summary>
    internal async Task<HttpResponseMessage[]> RaceAsync(string name, params Func<Task<HttpResponseMessage>>[] requests)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended('identity:' || $1, 0))", connection, transaction) { Parameters = { new() { Value = name } } };
        await command.ExecuteNonQueryAsync();
        var answers = requests.Select(request => request()).ToList();
        await Eventually.HoldsAsync(async () => answers.Exists(answer => answer.IsCompleted)
            || await QueryAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())") == requests.Length);
        Assert.DoesNotContain(answers, answer => answer.IsCompleted);
        await transaction.CommitAsync();
        return await Task.WhenAll(answers);
    }

    public async Task<T> QueryAsync<T>(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Short words for requests and their answers.</summary>
internal static class Requests
{
    public static async Task<JsonElement> JsonAsync(this Task<HttpResponseMessage> request, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await request;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}: {body}");
        return body.Length > 0 ? JsonElement.Parse(body) : default;
    }

    /// <summary>Expects a refusal.</summary>
    public static async Task<JsonElement> RefusedAsync(this Task<HttpResponseMessage> request, HttpStatusCode status, string code)
    {
        var problem = await request.JsonAsync(status);
        Assert.Equal(code, problem.Text("code"));
        return problem;
    }

    public static string? Text(this JsonElement element, string property) => element.GetProperty(property).GetString();

    public static IEnumerable<JsonElement> Items(this JsonElement page) => page.GetProperty("items").EnumerateArray();

    /// <summary>Changes a resource as it is now.</summary>
    public static async Task<HttpResponseMessage> ChangeAsync(this HttpClient client, HttpMethod method, string address, object change, string? read = null)
    {
        using var now = await client.GetAsync(read ?? address);
        using var request = new HttpRequestMessage(method, address) { Content = JsonContent.Create(change) };
        if (now.Headers.ETag is { } tag)
            request.Headers.IfMatch.Add(tag);
        return await client.SendAsync(request);
    }
}
