using System.Collections;
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

/// <summary>
/// The real czctl with a home and variables of its own. It is run from its arguments to its exit code in the tests' process, where a run does without the start of a process;
/// what only a process has (signals, a working directory, the console, output while it runs) is looked at by <see cref="Start(string[])"/> and <see cref="RunProcessAsync(string[])"/>.
/// </summary>
internal sealed class Czctl : IDisposable
{
    /// <summary>Longer than any command takes, so that a test ends even so.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly HubInstance _hub;

    public Czctl(HubInstance hub) => _hub = hub;

    public string Home { get; } = Directory.CreateTempSubdirectory("czctl-test-").FullName;

    /// <summary>Further environment variables.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string SessionFile => Path.Combine(Home, "hubs", $"{_hub.Address.Host}_{_hub.Address.Port}", "session.json");

    /// <summary>Runs it to its end.</summary>
    public Task<Run> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<Run> RunWithInputAsync(string input, params string[] arguments)
    {
        var (exitCode, output, error) = await CzctlInProcess.RunAsync(arguments, Variables(), Home, input, Deadline);
        return new(exitCode, output, error);
    }

    /// <summary>Runs it as a process of its own.</summary>
    public Task<Run> RunProcessAsync(params string[] arguments) => RunProcessAsync(arguments, "");

    /// <inheritdoc cref="RunProcessAsync(string[])"/>
    /// <param name="workingDirectory">Where it is run; null for where the tests are.</param>
    public async Task<Run> RunProcessAsync(string[] arguments, string input, string? workingDirectory = null)
    {
        using var process = Start(arguments, workingDirectory);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Deadline);
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
    public Process Start(params string[] arguments) => Start(arguments, workingDirectory: null);

    private Process Start(string[] arguments, string? workingDirectory)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = workingDirectory ?? "" };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "czctl.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in Variables())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>The tests' own variables, without those that would lead czctl elsewhere.</summary>
    private Dictionary<string, string> Variables()
    {
        var variables = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!);
        foreach (var name in new[] { "CZCTL_ORG", "CZCTL_TOKEN", "KUBECONFIG", "KUBECTL", "NO_COLOR", "CZCTL_AGENT_IMAGE" })
            variables.Remove(name);
        variables["CZCTL_HOME"] = Home;
        variables["CZCTL_HUB"] = _hub.Address.AbsoluteUri;
        foreach (var (name, value) in Environment)
            variables[name] = value;
        return variables;
    }

    /// <summary>Signs a new person up, and in by <c>czctl login</c>.</summary>
    public async Task<(string Email, string Slug)> SignUpAsync()
    {
        var account = await MakeAccountAsync();
        var run = await LoginAsync(account.Email, "allow");
        Assert.True(run.ExitCode == 0, run.ToString());
        return (account.Email, account.Slug);
    }

    /// <summary>Signs a new person up.</summary>
    public Task<TestAccount> MakeAccountAsync()
    {
        var unique = Guid.CreateVersion7().ToString("N")[^12..];
        return TestAccount.MakeAsync(_hub, $"person-{unique}@example.com", TestPerson.Password, $"Org {unique}");
    }

    /// <summary>czctl login, with a browser that signs in and decides so.</summary>
    public Task<Run> LoginAsync(string email, string decision) => LoginAsync(() => RunAsync("login"), email, decision);

    /// <param name="login">Runs czctl login.</param>
    public async Task<Run> LoginAsync(Func<Task<Run>> login, string email, string decision)
    {
        // $BROWSER writes down where it was sent; the test's own browser goes there.
        var (script, sent) = (Path.Combine(Home, "browser"), Path.Combine(Home, "sent"));
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nprintf %s \"$1\" > '{sent}.part' && mv '{sent}.part' '{sent}'\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        File.Delete(sent);
        Environment["BROWSER"] = script;
        var run = login();
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
