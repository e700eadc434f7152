using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>The first command a new user runs.</summary>
public sealed class InfraUpTests
{
    private static readonly int[] AllSteps = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly int[] KilledAfter = [2, 5];

    [Fact]
    public async Task It_walks_the_main_job_from_wherever_a_killed_Hub_ended_it_and_again_when_it_is_done()
    {
        using var up = new UpScript();
        foreach (var step in KilledAfter)
        {
            var failed = await up.RunAndKillHubAfterAsync(step);

            Assert.NotEqual(0, failed.ExitCode);
            Assert.Equal(AllSteps[..step], UpScript.Steps(failed.Output));
            Assert.Matches(@"^\s*Failed: (hub stopped by itself|step \d.*)\n\s+why: .+\n\s+do: .+\n\s+log: .+", failed.Error);
        }

        var first = (await up.RunAsync("--once")).Succeeded();
        var second = (await up.RunAsync("--once")).Succeeded();

        Assert.Equal(AllSteps, UpScript.Steps(first.Output));
        Assert.Matches("(?s)published.+approved.+fetched.+verified.+applied.+healthy", first.Output);
        Assert.Equal(AllSteps, UpScript.Steps(second.Output));
        await Eventually.HoldsAsync(() => up.LeftBehind().Count == 0);
    }

    [Theory]
    [InlineData("there is no option --onec", "--onec")]
    [InlineData("--kubeconfig needs a value", "--kubeconfig")]
    [InlineData("cannot be read", "--kubeconfig", "/no/such/file")]
    public async Task A_wrong_option_is_refused_before_anything_is_started(string why, params string[] arguments)
    {
        using var up = new UpScript();

        var refused = await up.RunAsync(arguments);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.Equal("", refused.Output);
    }
}
