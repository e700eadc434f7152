using System.Diagnostics;
using System.Net;
using System.Text.Json;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>What a run of czctl gave.</summary>
internal sealed record Run(int ExitCode, string Out, string Error)
{
    /// <summary>The document on standard output.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>The code of the failure on standard error, with --json.</summary>
    public string? ErrorCode => JsonDocument.Parse(Error).RootElement.GetProperty("error").GetProperty("code").GetString();

    public override string ToString() => $"exit {ExitCode}\n{Out}\n{Error}";
}

/// <summary>The real czctl, as a process with a home of its own.</summary>
internal sealed class Czctl : IDisposable
{
    private readonly HubInstance _hub;

    public Czctl(HubInstance hub) => _hub = hub;

    public string Home { get; } = Directory.CreateTempSubdirectory("czctl-test-").FullName;

    /// <summary>Where it is run; null for where the tests are.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>Further environment variables.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string SessionFile => Path.Combine(Home, "hubs", $"{_hub.Address.Host}_{_hub.Address.Port}", "session.json");

    /// <summary>Runs it to its end.</summary>
    public Task<Run> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<Run> RunWithInputAsync(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"czctl {string.Join(' ', arguments)} did not end: {await output} {await error}");
        }
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Runs it with --json, and expects it to succeed.</summary>
    public async Task<Run> OkAsync(params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, $"czctl {string.Join(' ', arguments)}: {run}");
        return run;
    }

    /// <summary>Runs it with --json, and expects it to fail so.</summary>
    /// <param name="code">Null for any.</param>
    public async Task<Run> FailsAsync(int exitCode, string? code, params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        Assert.True(run.ExitCode == exitCode && (code is null || run.ErrorCode == code), $"czctl {string.Join(' ', arguments)}: expected {exitCode} {code}: {run}");
        return run;
    }

    /// <summary>A process under way.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = WorkingDirectory ?? "" };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "czctl.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var name in new[] { "CZCTL_ORG", "CZCTL_TOKEN", "KUBECONFIG", "KUBECTL", "NO_COLOR", "CZCTL_AGENT_IMAGE" })
            start.Environment.Remove(name);
        start.Environment["CZCTL_HOME"] = Home;
        start.Environment["CZCTL_HUB"] = _hub.Address.AbsoluteUri;
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Signs a new person up, and in by <c>czctl login</c>.</summary>
    public async Task<(string Email, string Slug)> SignUpAsync()
    {
        var email = await MakeAccountAsync();
        var run = await LoginAsync(email, "allow");
        Assert.True(run.ExitCode == 0, run.ToString());
        return (email, (await RunAsync("whoami", "--json")).Json.GetProperty("organization").GetProperty("slug").GetString()!);
    }

    /// <summary>Signs a new person up.</summary>
    public async Task<string> MakeAccountAsync()
    {
        var unique = Guid.CreateVersion7().ToString("N")[^12..];
        var email = $"person-{unique}@example.com";
        await TestAccount.MakeAsync(_hub, email, TestPerson.Password, $"Org {unique}");
        return email;
    }

    /// <summary>czctl login, with a browser that signs in and decides so.</summary>
    public async Task<Run> LoginAsync(string email, string decision)
    {
        // $BROWSER writes down where it was sent; the test's own browser goes there.
        var (script, sent) = (Path.Combine(Home, "browser"), Path.Combine(Home, "sent"));
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nprintf %s \"$1\" > '{sent}.part' && mv '{sent}.part' '{sent}'\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        File.Delete(sent);
        Environment["BROWSER"] = script;
        var run = RunAsync("login");
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(sent) || run.IsCompleted));
        if (File.Exists(sent))
            await BrowseAsync(await File.ReadAllTextAsync(sent), email, decision);
        return await run;
    }

    /// <summary>czctl login --device --json, with a person who enters the code elsewhere and decides so.</summary>
    public async Task<Run> LoginByCodeAsync(string email, string decision)
    {
        using var process = Start("login", "--device", "--json");
        var output = process.StandardOutput.ReadToEndAsync();
        var shown = await process.StandardError.ReadLineAsync() ?? throw new InvalidOperationException($"No code was shown: {await output}");
        var error = process.StandardError.ReadToEndAsync();
        var device = JsonDocument.Parse(shown).RootElement.GetProperty("device");
        using var browser = new Browser(_hub.Address);
        await browser.SignInAsync(email, TestPerson.Password, $"/signin?returnUrl={Uri.EscapeDataString(new Uri(device.GetProperty("verificationUri").GetString()!).AbsolutePath)}");
        await browser.FollowAsync(await browser.SubmitAsync(("code", device.GetProperty("userCode").GetString()!)));
        await browser.FollowAsync(await browser.SubmitAsync(("decision", decision)));
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return new(process.ExitCode, await output, await error);
    }

    private async Task BrowseAsync(string address, string email, string decision)
    {
        using var browser = new Browser(_hub.Address);
        await browser.FollowAsync(await browser.GetAsync(new Uri(address).PathAndQuery));
        await browser.FollowAsync(await browser.SubmitAsync(("Input.Email", email), ("Input.Password", TestPerson.Password)));
        var (_, callback) = await browser.FollowAsync(await browser.SubmitAsync(("decision", decision)));
        using var client = new HttpClient();
        using var page = await client.GetAsync(callback);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
