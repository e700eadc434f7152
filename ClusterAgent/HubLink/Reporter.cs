using CodeZero.AgentProtocol;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Tells the Hub how things are: soon after something changed, then at most every few seconds, and at the latest after the time the state's policy names. Always a whole report,
/// so that one that got lost is made good by the next.
/// </summary>
internal sealed partial class Reporter(HubApi hub, IClusterApi api, InstalledApps installed, AgentIdentity identity, LinkBoard board, TimeProvider clock, ILogger<Reporter> log)
{
    /// <summary>Changes come in bursts; one report says them all.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken ct)
    {
        await installed.Synced.WaitAsync(ct);
        var wait = AtMostEvery;
        while (!ct.IsCancellationRequested)
        {
            var seconds = board.State?.Accepted.State.Policy.ReportSeconds ?? StatePolicy.DefaultReportSeconds;
            await board.ToReport.WaitAsync(TimeSpan.FromSeconds(seconds), clock, ct);
            await Task.Delay(Gather, clock, ct);
            try
            {
                await SendAsync(ct);
                wait = AtMostEvery;
            }
            catch (Exception e) when (e is HubException or HttpRequestException or TimeoutException or ClusterApiException or ArgumentException)
            {
                NotSent(log, e.Message);
                board.ToReport.Set();
                wait = wait * 2 < TimeSpan.FromSeconds(seconds) ? wait * 2 : TimeSpan.FromSeconds(seconds);
                // A Hub that comes back must not meet all its agents at once.
                await Task.Delay(((e as HubException)?.RetryAfter ?? TimeSpan.Zero) + (wait * Random.Shared.NextDouble()), clock, ct);
            }
            await Task.Delay(AtMostEvery, clock, ct);
        }
    }

    private async Task SendAsync(CancellationToken ct)
    {
        var report = ReportComposer.Compose(
            identity.Cluster, await api.GetVersionAsync(ct), board.State, board.StateRefusal, board.Verdicts,
            install => installed.Find(new(install.Namespace, install.Name), install.Id), clock.GetUtcNow());
        await hub.PostReportAsync(report.CutToFit().ToJson(), ct);
    }

    [LoggerMessage(6130, LogLevel.Warning, "A report could not be sent; the next one will say the same: {Reason}")]
    private static partial void NotSent(ILogger log, string reason);
}
