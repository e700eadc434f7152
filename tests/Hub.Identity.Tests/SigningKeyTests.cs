using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using CodeZero.Hub.Api;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Keys that are replaced while two replicas work, row K05, and the commands for it.</summary>
public sealed class SigningKeyTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Fact]
    public async Task K05_A_rotation_before_its_time_breaks_nothing_on_any_replica()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var one = await fixture.StartAsync(database);
        await using var two = await fixture.StartAsync(database, one.Address);
        var before = await TokenAsync(two, one);
        var old = await KidsAsync(two, one);

        await DoAsync(one, keys => keys.RotateAsync(CancellationToken.None));
        fixture.Clock.Advance(TimeSpan.FromMinutes(6)); // by then every replica has read the keys again
        Assert.True(await IsActiveAsync(two, one, before));
        var both = await KidsAsync(two, one);
        Assert.Equal(4, both.Count);
        Assert.Subset(both, old);
        Assert.Contains(Kid(await TokenAsync(two, one)), old); // published, but signing only when verifiers know it
        await DoAsync(one, keys => keys.RotateAsync(CancellationToken.None));
        Assert.Equal(both, await KidsAsync(one, one)); // a second time changes nothing

        fixture.Clock.Advance(TimeSpan.FromDays(14) - TimeSpan.FromMinutes(10));
        var last = await TokenAsync(two, one);
        Assert.Contains(Kid(last), old);
        fixture.Clock.Advance(TimeSpan.FromMinutes(9));
        foreach (var replica in new[] { one, two })
        {
            var after = await TokenAsync(replica, one);
            Assert.DoesNotContain(Kid(after), old);
            Assert.Contains(Kid(after), both);
            foreach (var asked in new[] { one, two })
            {
                Assert.True(await IsActiveAsync(asked, one, after));
                Assert.True(await IsActiveAsync(asked, one, last)); // signed by the one before, and still alive
            }
        }

        fixture.Clock.Advance(TimeSpan.FromDays(14));
        Assert.Equal(2, (await KidsAsync(one, one)).Except(old).Count());
        Assert.Empty((await KidsAsync(two, one)).Intersect(old));
    }

    [Fact]
    public async Task K05_A_stolen_key_is_out_of_use_at_once_on_every_replica()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var one = await fixture.StartAsync(database);
        await using var two = await fixture.StartAsync(database, one.Address);
        var before = await TokenAsync(two, one);
        var old = await KidsAsync(two, one);

        await DoAsync(one, keys => keys.ReplaceCompromisedAsync(CancellationToken.None));

        foreach (var replica in new[] { one, two })
        {
            await Eventually.HoldsAsync(async () => !(await KidsAsync(replica, one)).Overlaps(old)); // no clock moves: the replicas told each other
            Assert.False(await IsActiveAsync(replica, one, before));
            Assert.DoesNotContain(Kid(await TokenAsync(replica, one)), old);
        }
        Assert.True(await IsActiveAsync(two, one, await TokenAsync(one, one)));
        Assert.Equal(await KidsAsync(one, one), await KidsAsync(two, one));
    }

    [Fact]
    public async Task K05_The_API_takes_no_token_of_a_stolen_key_and_at_once_those_of_the_new_one()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var hub = await HubInstance.StartAsync(database);
        using var person = await TestPerson.SignUpAsync(hub);
        Assert.Equal(HttpStatusCode.OK, (await person.Client.GetAsync("/v1/me")).StatusCode);

        await DoAsync(hub, keys => keys.ReplaceCompromisedAsync(CancellationToken.None));

        await Eventually.HoldsAsync(async () => (await person.Client.GetAsync("/v1/me")).StatusCode == HttpStatusCode.Unauthorized);
        await person.RenewAsync();
        var renewed = await person.Client.GetAsync("/v1/me");
        Assert.True(renewed.StatusCode == HttpStatusCode.OK, renewed.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task The_commands_list_rotate_and_replace()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();

        var (_, empty, _) = await RunProcessAsync(database, "keys", "list");
        Assert.DoesNotContain("signing", empty, StringComparison.Ordinal);
        var (made, first, _) = await RunAsync(database, "keys", "rotate");
        Assert.Equal((0, 2, 0), (made, Count(first, "signing"), Count(first, "next")));
        var (_, second, _) = await RunAsync(database, "keys", "rotate");
        Assert.Equal((2, 2), (Count(second, "signing"), Count(second, "next")));
        var (_, listed, _) = await RunAsync(database, "keys", "list");
        Assert.Equal(second, listed);
        var (_, replaced, _) = await RunAsync(database, "keys", "rotate", "--compromised");
        Assert.Equal((2, 0), (Count(replaced, "signing"), Count(replaced, "next")));
        Assert.Empty(Kids(replaced).Intersect(Kids(listed)));
    }

    [Fact]
    public async Task A_wrong_command_of_the_program_itself_is_refused()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();

        var (exitCode, output, error) = await RunProcessAsync(database, "keys", "lsit");

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("keys", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("keys", "lsit")]
    [InlineData("keys", "list", "--compromised")]
    public async Task A_wrong_command_is_refused_and_changes_nothing(params string[] command)
    {
        await using var database = await TestDatabase.CreateUnusedAsync();

        var (exitCode, _, error) = await RunAsync(database, command);

        Assert.Equal(2, exitCode);
        Assert.Contains("keys", error, StringComparison.Ordinal);
    }

    private static int Count(string table, string state) => table.Split('\n').Count(line => line.StartsWith(state, StringComparison.Ordinal));

    private static IEnumerable<string> Kids(string table) => table.Trim().Split('\n').Skip(1).Select(line => line.Split(' ')[^1]);

    private static async Task DoAsync(HubInstance hub, Func<ISigningKeys, Task> action)
    {
        await using var scope = hub.Services.CreateAsyncScope();
        await action(scope.ServiceProvider.GetRequiredService<ISigningKeys>());
    }

    private static string Kid(string token) => Jwt.Header(token)["kid"]!.GetValue<string>();

    private static async Task<string> TokenAsync(HubInstance hub, HubInstance known) =>
        (await PostAsync(hub, known, "/connect/token", ("grant_type", "client_credentials")))["access_token"]!.GetValue<string>();

    private static async Task<bool> IsActiveAsync(HubInstance hub, HubInstance known, string token) => (await PostAsync(hub, known, "/connect/introspection", ("token", token)))["active"]!.GetValue<bool>();

    private static async Task<SortedSet<string>> KidsAsync(HubInstance hub, HubInstance known)
    {
        using var client = hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/jwks") { Headers = { Host = known.Address.Authority } };
        return [.. (await Flow.ReadAsync(await client.SendAsync(request)))["keys"]!.AsArray().Select(key => key!["kid"]!.GetValue<string>())];
    }

    private static async Task<JsonObject> PostAsync(HubInstance hub, HubInstance known, string path, params (string Name, string Value)[] form)
    {
        using var client = hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { Host = known.Address.Authority }, Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        request.Headers.TryAddWithoutValidation("Authorization", Flow.BasicOf("svc", IdentityFixture.Secret));
        return await Flow.ReadAsync(await client.SendAsync(request));
    }

    /// <summary>Runs the Hub's program in the tests' process, which spares the start of another.</summary>
    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(TestDatabase database, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await HubCommands.RunAsync([.. arguments, .. Settings(database).Select(setting => $"--{setting.Key}={setting.Value}")], output, error);
        return (exitCode, output.ToString(), error.ToString());
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunProcessAsync(TestDatabase database, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HubApplication).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Settings(database))
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await error);
    }

    private static Dictionary<string, string> Settings(TestDatabase database) => new()
    {
        ["Hub:PublicUrl"] = "http://127.0.0.1:5000",
        ["Hub:Identity:Issuer"] = "http://127.0.0.1:5000",
        ["Hub:DataProtection:MasterKeyFile"] = TestKeys.MasterKeyFile,
        ["Hub:Database:Application"] = database.Application,
        ["Logging:LogLevel:Default"] = "Error",
    };
}
