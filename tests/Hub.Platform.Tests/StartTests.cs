using System.Diagnostics;
using System.Net;
using CodeZero.Hub.Api;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Tests;

public sealed class StartTests
{
    [Fact]
    public async Task An_unmigrated_database_is_refused_naming_the_files_and_the_command()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();

        var refusal = await Assert.ThrowsAsync<NotMigratedException>(() => HubInstance.StartAsync(database));

        Assert.Contains("platform/0001_tenancy.sql", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Hub.Api migrate", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_refuses_an_unmigrated_database_migrates_it_once_and_has_nothing_to_do_the_second_time()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();

        var (refused, _, why) = await RunAsync(database);
        var (migrated, first, _) = await RunAsync(database, "migrate");
        var (again, second, _) = await RunAsync(database, "migrate");

        Assert.Equal(3, refused);
        Assert.Contains("Hub.Api migrate", why, StringComparison.Ordinal);
        Assert.Equal(0, migrated);
        Assert.Contains("applied platform/0001_tenancy.sql", first, StringComparison.Ordinal);
        Assert.Equal(0, again);
        Assert.DoesNotContain("applied platform", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hub:PublicUrl", "", "Hub:PublicUrl is missing")]
    [InlineData("Hub:PublicUrl", "http://hub.example.com", "must be https")]
    [InlineData("Hub:PublicUrl", "https://hub.example.com/base", "without path")]
    [InlineData("Hub:Identity:Issuer", "", "Hub:Identity:Issuer is missing")]
    [InlineData("Hub:Identity:Issuer", "http://login.example.com", "must be https")]
    [InlineData("Hub:Database:Application", "", "Hub:Database:Application is missing")]
    [InlineData("Hub:DataProtection:MasterKeyFile", "", "Hub:DataProtection:MasterKeyFile is missing")]
    [InlineData("Hub:DataProtection:MasterKeyFile", "/nowhere/key", "cannot be read")]
    [InlineData("Hub:RateLimits:CallerPerMinute", "0", "must be 1 to")]
    [InlineData("Hub:Modules:0", "biling", "names a module that there is not")]
    [InlineData("Hub:TrustedProxies:0", "10.0.0.0/99", "is no network")]
    public async Task A_wrong_setting_stops_the_program_with_its_name_and_remedy(string name, string value, string says)
    {
        await using var database = await TestDatabase.CreateEmptyAsync();

        var (exitCode, _, error) = await RunAsync(database, $"--{name}={value}");

        Assert.Equal(2, exitCode);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    /// <summary>The wait was meant to be 5 seconds and was 15: the builder of connection strings says of every setting that it is there.</summary>
    [Theory]
    [InlineData("Host=db;Username=hub_app", 5)]
    [InlineData("Host=db;Username=hub_app;Timeout=20", 20)]
    public async Task A_connection_is_waited_for_five_seconds_or_as_long_as_the_operator_says(string connection, int seconds)
    {
        await using var hub = HubApplication.CreateBuilder([$"--Hub:Database:Application={connection}"]).Build();

        Assert.Equal(seconds, new NpgsqlConnectionStringBuilder(hub.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString).Timeout);
    }

    /// <summary>A Hub that ran as the superuser worked, and showed every organization's rows to a query that forgot its filter.</summary>
    [Fact]
    public async Task A_role_that_row_level_security_does_not_bind_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => HubInstance.StartAsync(database, new Dictionary<string, string?> { ["Hub:Database:Application"] = database.Superuser }));

        Assert.Contains("NOSUPERUSER NOBYPASSRLS", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_command_is_refused() =>
        Assert.Equal(2, (await RunAsync(await TestDatabase.CreateEmptyAsync(), "migrat")).ExitCode);

    [Fact]
    public async Task A_foreign_host_name_is_refused_but_a_probe_by_address_is_not()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubInstance.StartAsync(database);
        using var client = hub.CreateClient();

        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/v1/me") { Headers = { Host = "evil.example" } };
        using var probe = new HttpRequestMessage(HttpMethod.Get, "/healthz") { Headers = { Host = "10.1.2.3:8080" } };

        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(foreign)).StatusCode);
        Assert.NotEqual(HttpStatusCode.BadRequest, (await client.SendAsync(probe)).StatusCode);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(TestDatabase database, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HubApplication).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["Hub__PublicUrl"] = start.Environment["Hub__Identity__Issuer"] = "http://127.0.0.1:0";
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["Hub__DataProtection__MasterKeyFile"] = TestKeys.MasterKeyFile;
        start.Environment["Hub__Database__Application"] = database.Application;
        start.Environment["Hub__Database__Owner"] = database.Owner;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await error);
    }
}
