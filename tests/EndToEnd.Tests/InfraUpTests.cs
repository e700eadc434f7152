using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>The first command a new user runs.</summary>
public sealed class InfraUpTests
{
    private static readonly int[] AllSteps = [1, 2, 3, 4, 5, 6, 7, 8];

    [Fact]
    public async Task It_walks_the_main_job_from_wherever_a_killed_Hub_ended_it_and_again_when_it_is_done()
    {
        using var up = new UpScript();
        await KilledAsync(up, UpScript.Started, done: 0);
        await KilledAsync(up, UpScript.Ended(2), done: 2);
        await KilledAsync(up, UpScript.Begun(4), done: 3, started: "agent"); // which has its token and may or may not have asked to join
        await KilledAsync(up, UpScript.Ended(5), done: 5);

        var user = "";
        var first = (await up.RunAsync(UpScript.Ended(7), async () => user = await up.AgentUserAsync())).Succeeded();
        var second = (await up.RunAsync("--once")).Succeeded();

        Assert.Equal(AllSteps, UpScript.Steps(first.Output));
        Assert.Matches("(?s)published.+approved.+fetched.+verified.+applied.+healthy", first.Output);
        Assert.Equal("system:serviceaccount:codezero-system:codezero-agent", user);
        Assert.Equal(AllSteps, UpScript.Steps(second.Output));
        await Eventually.HoldsAsync(() => up.LeftBehind().Count == 0);
    }

    [Theory]
    [InlineData(2, "there is no option --onec", "--onec")]
    [InlineData(2, "--kubeconfig needs a value", "--kubeconfig")]
    [InlineData(1, "cannot be read", "--kubeconfig", "/no/such/file")]
    public async Task A_wrong_option_is_refused_before_anything_is_started(int code, string why, params string[] arguments)
    {
        using var up = new UpScript();

        var refused = await up.RunAsync(arguments);

        Assert.Equal(code, refused.ExitCode);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.Equal("", refused.Output);
    }

    /// <summary>The Hub dies at this moment: the script goes on from where the last one ended, up to there, and then says what is wrong and nothing else.</summary>
    private static async Task KilledAsync(UpScript up, string moment, int done, string? started = null)
    {
        var failed = await up.RunAsync(moment, async () =>
        {
            if (started is not null)
                await Eventually.HoldsAsync(() => up.Process(started) is not null);
            up.KillHub();
        });

        Assert.True(failed.ExitCode == 1, failed.ToString());
        Assert.Equal(AllSteps[..done], UpScript.Steps(failed.Output).Take(done));
        Assert.DoesNotContain(8, UpScript.Steps(failed.Output));
        Assert.Matches(@"\A\s*Failed: (hub stopped by itself|step \d.*)\n +why: .+\n +do: .+\n +log: .+\n( {8}.*\n)*\z", failed.Error);
    }
}
