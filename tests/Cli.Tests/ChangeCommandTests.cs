using CodeZero.AgentProtocol.Sealing;
using CodeZero.Cli.Commands;
using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>Changing what is installed, with the real czctl and Hub; the test plays the agent.</summary>
public sealed class ChangeCommandTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static readonly string s_next = ClusterFixture.Manifest.Replace("tag: '1.0'", "tag: '1.1'", StringComparison.Ordinal);
    private static readonly string s_asksMore = s_next.Replace("flow:", "flow: # more", StringComparison.Ordinal)
        + "\n            - { type: input, name: TITLE, message: Title?, c6o: { required: true } }";

    [Fact]
    public async Task An_upgrade_shows_what_changes_keeps_the_answers_and_asks_for_approval_again()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        var key = Path.Combine(czctl.Home, "approver.pem");
        await czctl.OkAsync("approve", "wiki/wiki-app", "--cluster", "demo", "--key", key, "--yes");
        var before = Assert.Single((await agent.FetchStateAsync()).State.Installs);
        await ClusterFixture.PublishAsync(czctl, s_next, "1.1.0");
        string[] upgrade = ["upgrade", "wiki/wiki-app", "--cluster", "demo"];

        await czctl.FailsAsync(1, "confirmation.needed", upgrade);
        var upgraded = await czctl.OkAsync([.. upgrade, "--yes"]);

        Assert.Equal([("version", "1.0.0", "1.1.0"), ("image", "example/wiki:1.0", "example/wiki:1.1")], Changes(upgraded));
        Assert.Equal(1, upgraded.Json.GetProperty("approvalsVoided").GetInt32());
        var after = Assert.Single((await agent.FetchStateAsync()).State.Installs);
        Assert.Equal((before.Id, "1.1.0", before.Inputs, null), (after.Id, after.Version, after.Inputs, after.Approval));
        Assert.False((await czctl.OkAsync(upgrade)).Json.GetProperty("changed").GetBoolean());

        var back = await czctl.RunAsync([.. upgrade, "--version", "1.0.0", "--yes"]);
        Assert.True(back.ExitCode == 0, back.ToString());
        Assert.Contains("1.1.0 → 1.0.0", back.Error, StringComparison.Ordinal);
        Assert.Contains("czctl approve wiki/wiki-app", back.Out, StringComparison.Ordinal);
        await czctl.FailsAsync(4, "not_found", [.. upgrade, "--version", "9.9.9", "--yes"]);
    }

    [Fact]
    public async Task An_upgrade_does_not_leave_a_pre_release_for_an_older_release()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        await ClusterFixture.PublishAsync(czctl, s_next, "2.0.0-rc.1");

        Assert.False((await czctl.OkAsync("upgrade", "wiki/wiki-app", "--cluster", "demo")).Json.GetProperty("changed").GetBoolean());
        await czctl.OkAsync("upgrade", "wiki/wiki-app", "--cluster", "demo", "--version", "2.0.0-rc.1", "--yes");
        Assert.False((await czctl.OkAsync("upgrade", "wiki/wiki-app", "--cluster", "demo")).Json.GetProperty("changed").GetBoolean());
    }

    [Fact]
    public async Task New_answers_take_the_place_of_all_earlier_ones_sealed_as_those_were()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        string[] configure = ["configure", "wiki/wiki-app", "--cluster", "demo"];
        var password = Path.Combine(czctl.Home, "new-password");
        await File.WriteAllTextAsync(password, "battery staple");

        await czctl.FailsAsync(2, "usage", configure);
        await czctl.FailsAsync(1, "answers.required", [.. configure, "--set", "OPEN=false", "--yes"]);
        var configured = await czctl.RunAsync([.. configure, "--set", "OPEN=false", "--set-file", $"ADMIN={password}", "--yes", "--json"]);

        Assert.True(configured.ExitCode == 0, configured.ToString());
        Assert.DoesNotContain("battery", configured.ToString(), StringComparison.Ordinal);
        Assert.Equal([("answers", null, "ADMIN, OPEN; the defaults of all others")], Changes(configured));
        var desired = Assert.Single((await agent.FetchStateAsync()).State.Installs);
        var answers = SealedInputs.Open(agent.SealingKey, agent.Cluster, desired.Id, await (await agent.FetchBlobAsync(desired.Inputs!.Value.ToString())).Content.ReadAsByteArrayAsync()).Value.Answers;
        Assert.Equal([("ADMIN", "battery staple"), ("OPEN", "false")], answers.Select(answer => (answer.Key, answer.Value)).Order());
    }

    [Fact]
    public async Task An_upgrade_to_a_version_that_asks_more_wants_the_answers_before_anything_changes()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        await ClusterFixture.PublishAsync(czctl, s_asksMore, "1.1.0");
        string[] upgrade = ["upgrade", "wiki/wiki-app", "--cluster", "demo", "--yes"];

        var refused = await czctl.FailsAsync(1, "answers.required", upgrade);
        Assert.Contains("TITLE", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("ADMIN must", refused.Error, StringComparison.Ordinal);
        Assert.Equal("1.0.0", Assert.Single((await agent.FetchStateAsync()).State.Installs).Version);
        await czctl.OkAsync([.. upgrade, "--set", "TITLE=Ours", "--set-file", $"ADMIN={Path.Combine(czctl.Home, "password")}"]);
    }

    [Fact]
    public async Task Pausing_and_resuming_leaves_the_approvals()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        var digest = (await czctl.OkAsync("status", "wiki/wiki-app", "--cluster", "demo")).Json.GetProperty("installs")[0].GetProperty("digest").GetString();
        foreach (var (command, paused) in new[] { ("pause", true), ("pause", true), ("resume", false), ("resume", false) })
        {
            var install = (await czctl.OkAsync(command, "wiki/wiki-app", "--cluster", "demo")).Json;
            Assert.Equal((paused, digest), (install.GetProperty("paused").GetBoolean(), install.GetProperty("digest").GetString()));
            Assert.Equal(paused, Assert.Single((await agent.FetchStateAsync()).State.Installs).Paused);
        }
    }

    [Fact]
    public async Task What_is_being_uninstalled_is_not_changed()
    {
        using var czctl = await fixture.SignedInAsync();
        using var agent = await InstalledAsync(czctl);
        await agent.FetchStateAsync();
        await czctl.OkAsync("uninstall", "wiki/wiki-app", "--cluster", "demo", "--yes");

        await czctl.FailsAsync(1, "install.removed", "upgrade", "wiki/wiki-app", "--cluster", "demo", "--yes");
        await czctl.FailsAsync(1, "install.removed", "pause", "wiki/wiki-app", "--cluster", "demo");
        await czctl.FailsAsync(1, "install.removed", "status", "wiki/wiki-app", "--cluster", "demo", "--wait", "healthy");
    }

    [Fact]
    public void Differences_are_paired_by_kind()
    {
        (string, string)[] before = [("version", "1"), ("volume", "a"), ("volume", "b"), ("port", "80")];
        (string, string)[] after = [("version", "2"), ("volume", "a"), ("volume", "c"), ("volume", "d"), ("route", "http")];

        Assert.Equal(
            [new("version", "1", "2"), new("volume", "b", "c"), new("volume", null, "d"), new("port", "80", null), new InstallDifference("route", null, "http")],
            InstallDifference.Between(before, after));
    }

    /// <summary>Version 1.0.0 on the cluster "demo", whose agent the test plays.</summary>
    private async Task<TestAgent> InstalledAsync(Czctl czctl)
    {
        var (agent, _, _) = await fixture.JoinedAsync(czctl);
        var app = await ClusterFixture.PublishAsync(czctl);
        var password = Path.Combine(czctl.Home, "password");
        await File.WriteAllTextAsync(password, "correct horse");
        await czctl.OkAsync("install", app, "--cluster", "demo", "--namespace", "wiki", "--set", "OPEN=true", "--set-file", $"ADMIN={password}");
        return agent;
    }

    private static IEnumerable<(string? What, string? From, string? To)> Changes(Run run) => run.Json.GetProperty("changes").EnumerateArray()
        .Select(change => (change.GetProperty("what").GetString(), change.GetProperty("from").GetString(), change.GetProperty("to").GetString()));
}
