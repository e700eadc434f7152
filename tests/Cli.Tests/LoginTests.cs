using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>A Hub that devices may ask each second, so that the tests wait no longer.</summary>
public sealed class LoginFixture : HubFixture
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Hub:Identity:DeviceInterval"] = "00:00:01" };
}

public sealed class LoginTests(LoginFixture fixture) : IClassFixture<LoginFixture>
{
    [Fact]
    public async Task A_person_signs_in_by_the_browser_and_is_known_from_then_on()
    {
        using var czctl = new Czctl(fixture.Hub);
        var account = await czctl.MakeAccountAsync();

        var login = await czctl.LoginAsync(() => czctl.RunProcessAsync("login"), account.Email, "allow");
        var who = await czctl.RunProcessAsync("whoami", "--json");

        Assert.True(login.ExitCode == 0, login.ToString());
        Assert.True(who.ExitCode == 0, who.ToString());
        Assert.Equal(account.Email, who.Json.GetProperty("email").GetString());
        Assert.Equal((account.Slug, "owner"), (who.Json.GetProperty("organization").GetProperty("slug").GetString(), who.Json.GetProperty("organization").GetProperty("role").GetString()));
        Assert.Contains(account.Slug, (await czctl.RunAsync("whoami")).Out, StringComparison.Ordinal);
        // The Hub is remembered.
        czctl.Environment["CZCTL_HUB"] = "";
        Assert.Equal(0, (await czctl.RunAsync("whoami")).ExitCode);
    }

    [Fact]
    public async Task What_is_stored_is_readable_by_its_owner_alone()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(czctl.SessionFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(czctl.SessionFile)!));
    }

    [Fact]
    public async Task A_token_that_ended_is_renewed_once_by_many_processes_at_once()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        var before = await EndAccessTokenAsync(czctl);

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => czctl.RunProcessAsync("whoami")));

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.ToString()));
        Assert.NotEqual(before, JsonNode.Parse(await File.ReadAllTextAsync(czctl.SessionFile))!["refreshToken"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_token_the_hub_does_not_accept_is_renewed()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        var session = JsonNode.Parse(await File.ReadAllTextAsync(czctl.SessionFile))!;
        session["accessToken"] = session["accessToken"]!.GetValue<string>()[..^8] + "AAAAAAAA";
        await File.WriteAllTextAsync(czctl.SessionFile, session.ToJsonString());

        var run = await czctl.RunAsync("whoami");

        Assert.True(run.ExitCode == 0, run.ToString());
    }

    [Fact]
    public async Task A_sign_in_that_the_hub_ended_says_so_and_how_to_go_on()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        await EndAccessTokenAsync(czctl, refreshToken: "another-token-that-does-not-exist-at-all-00");

        var run = await czctl.RunAsync("whoami");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("czctl login", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(czctl.SessionFile));
    }

    [Fact]
    public async Task Who_says_no_in_the_browser_is_not_signed_in()
    {
        using var czctl = new Czctl(fixture.Hub);
        var email = (await czctl.MakeAccountAsync()).Email;

        var run = await czctl.LoginAsync(email, "deny");

        Assert.Equal(1, run.ExitCode);
        Assert.False(File.Exists(czctl.SessionFile));
    }

    [Fact]
    public async Task A_person_signs_in_by_a_code_that_they_enter_elsewhere()
    {
        using var czctl = new Czctl(fixture.Hub);
        var email = (await czctl.MakeAccountAsync()).Email;

        var run = await czctl.LoginByCodeAsync(email, "allow");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal((email, ""), (run.Json.GetProperty("email").GetString(), run.Error));
        Assert.Equal(0, (await czctl.RunAsync("whoami")).ExitCode);
    }

    [Fact]
    public async Task Who_denies_the_code_is_not_signed_in()
    {
        using var czctl = new Czctl(fixture.Hub);
        var email = (await czctl.MakeAccountAsync()).Email;

        var run = await czctl.LoginByCodeAsync(email, "deny");

        Assert.Equal((1, "login.denied"), (run.ExitCode, run.ErrorCode));
        Assert.False(File.Exists(czctl.SessionFile));
    }

    [Fact]
    public async Task Who_ends_czctl_while_it_waits_for_the_code_ends_it()
    {
        using var czctl = new Czctl(fixture.Hub);
        using var process = czctl.Start("login", "--device", "--json");
        Assert.Contains("userCode", await process.StandardError.ReadLineAsync(), StringComparison.Ordinal);

        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));

        Assert.Equal((130, "interrupted"), (process.ExitCode, new Run(process.ExitCode, "", await process.StandardError.ReadToEndAsync()).ErrorCode));
    }

    [Fact]
    public async Task Signed_out_is_signed_out()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();

        var first = await czctl.RunAsync("logout", "--json");
        var again = await czctl.RunAsync("logout", "--json");

        Assert.Equal((0, true), (first.ExitCode, first.Json.GetProperty("signedOut").GetBoolean()));
        Assert.Equal((0, false), (again.ExitCode, again.Json.GetProperty("signedOut").GetBoolean()));
        Assert.Equal(3, (await czctl.RunAsync("whoami")).ExitCode);
    }

    [Fact]
    public async Task A_copy_of_the_sign_in_is_worth_nothing_after_signing_out()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();
        var copy = JsonNode.Parse(await File.ReadAllTextAsync(czctl.SessionFile))!.AsObject();

        var run = await czctl.RunAsync("logout", "--json");

        Assert.True(run.Json.GetProperty("revoked").GetBoolean());
        copy[copy.Single(member => member.Key.Equals("expiresAt", StringComparison.OrdinalIgnoreCase)).Key] = DateTimeOffset.UnixEpoch; // so that it has to be renewed
        await File.WriteAllTextAsync(czctl.SessionFile, copy.ToJsonString());
        File.SetUnixFileMode(czctl.SessionFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(3, (await czctl.RunAsync("whoami")).ExitCode);
    }

    [Theory]
    [InlineData("http://hub.example.com", 2)]
    [InlineData("hub.example.com", 2)]
    [InlineData("ftp://hub.example.com", 2)]
    public async Task An_address_that_would_show_tokens_to_others_is_refused(string hub, int exitCode)
    {
        using var czctl = new Czctl(fixture.Hub);
        Assert.Equal(exitCode, (await czctl.RunAsync("login", "--hub", hub)).ExitCode);
    }

    [Fact]
    public async Task A_hub_that_does_not_answer_is_reported_as_such()
    {
        using var czctl = new Czctl(fixture.Hub);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var run = await czctl.RunAsync("login", "--hub", $"http://127.0.0.1:{port}", "--json");

        Assert.Equal((5, "hub.unreachable"), (run.ExitCode, run.ErrorCode));
    }

    private static async Task<string> EndAccessTokenAsync(Czctl czctl, string? refreshToken = null)
    {
        var session = JsonNode.Parse(await File.ReadAllTextAsync(czctl.SessionFile))!;
        session["expiresAt"] = "2020-01-01T00:00:00Z";
        session["refreshToken"] = refreshToken ?? session["refreshToken"]!.GetValue<string>();
        await File.WriteAllTextAsync(czctl.SessionFile, session.ToJsonString());
        return session["refreshToken"]!.GetValue<string>();
    }
}
