using CodeZero.AgentProtocol;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// The agent's link to the Hub: enrols, follows the desired state, makes Apps of it, reports. The App controller works beside it and does not need it:
/// whatever fails here, what runs in the cluster goes on.
/// </summary>
internal sealed partial class HubLink(IClusterApi api, IAppStore apps, string ns, bool allowInsecureHub, TimeProvider clock, ILoggerFactory logs)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    public async Task RunAsync(CancellationToken ct)
    {
        var log = logs.CreateLogger<HubLink>();
        var wait = FirstWait;
        while (!ct.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            try
            {
                await LinkAsync(ct);
            }
            catch (Exception e) when (e is ClusterApiException or HttpRequestException or TimeoutException or InvalidDataException)
            {
                Interrupted(log, e.Message);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Whatever a Hub sends, and whatever is wrong here: the Apps of the cluster are looked after in this process too.
                Failed(log, e);
            }
            if (clock.GetElapsedTime(began) > LongestWait)
                wait = FirstWait;
            await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), clock, ct);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task LinkAsync(CancellationToken ct)
    {
        using var http = HubApi.CreateHttpClient(allowInsecureHub);
        var enroller = new Enroller(api, new(api, ns), http, ns, clock, logs.CreateLogger<Enroller>());
        var (secrets, membership) = await enroller.RunAsync(ct);
        var identity = new AgentIdentity(membership.Cluster, membership.Organization);
        using var hub = new HubApi(http, membership, secrets.Signing, clock);
        var board = new LinkBoard();
        var trust = new TrustRootReader(api, ns);
        var installed = new InstalledApps(apps, board);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task[] parts =
        [
            installed.RunAsync(stop.Token),
            new StateFollower(hub, new(api, ns), trust, identity, new(secrets.Signing), board, clock, logs.CreateLogger<StateFollower>()).RunAsync(stop.Token),
            new InstallReconciler(apps, installed, new(api, ns), trust, identity, secrets.Sealing, board, clock, logs.CreateLogger<InstallReconciler>()).RunAsync(stop.Token),
            new Reporter(hub, api, installed, identity, board, clock, logs.CreateLogger<Reporter>()).RunAsync(stop.Token),
        ];
        var ended = await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended;
    }

    [LoggerMessage(6100, LogLevel.Warning, "The link to the Hub starts again: {Reason}")]
    private static partial void Interrupted(ILogger log, string reason);

    [LoggerMessage(6104, LogLevel.Error, "The link to the Hub failed and starts again; what runs goes on")]
    private static partial void Failed(ILogger log, Exception fault);
}
