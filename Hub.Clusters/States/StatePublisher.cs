using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.States;

/// <summary>Signs a cluster's next state. In the transaction of the change that made it necessary, under the cluster's row lock: states follow one another, none is skipped.</summary>
internal sealed class StatePublisher(ClustersDb db, IStateKeys keys, IOptions<ClustersOptions> options, ClustersMetrics metrics, TimeProvider clock)
{
    /// <summary>The channel that tells every replica of a new state; the payload is the cluster's id.</summary>
    public const string Channel = "clusters.state";

    /// <summary>Saves what changed, and the state that follows from it.</summary>
    /// <param name="cluster">Locked by <see cref="ClustersDb.LockClusterAsync(string, CancellationToken)"/>.</param>
    /// <returns>Null; or the refusal, when the state would be larger than agents accept.</returns>
    public async Task<ProblemHttpResult?> PublishAsync(Cluster cluster, StateReason reason, CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        // At most 2,000 installs are below 3 MB whatever their names, so the 4 MiB that agents accept need no check of their own.
        var installs = await db.Installs.AsNoTracking().Where(install => install.ClusterId == cluster.Id && install.FinishedAt == null)
            .OrderBy(install => install.Id).Take(DesiredState.MaxInstalls + 1).ToListAsync(ct);
        if (installs.Count > DesiredState.MaxInstalls)
            return Problems.Unprocessable("cluster.too_many_installs",
                $"The cluster {cluster.Name} has {DesiredState.MaxInstalls} installs, which is all that one state holds. Remove one first, or use another cluster.");

        var now = clock.GetUtcNow();
        var state = new DesiredState(
            cluster.Id, cluster.OrganizationId, cluster.Serial + 1, cluster.StateDigest is { } previous ? AppManifest.Digest.Parse(previous) : null,
            now, now + DesiredState.Life, [.. installs.Select(install => install.ToDesired())], new StatePolicy(options.Value.ReportSeconds));
        var digest = state.ToDigest().ToString();
        var envelope = state.Sign(await keys.SigningAsync(ct)).ToJson();

        db.Add(StateRevision.Of(state, digest, envelope, reason));
        foreach (var blob in state.Installs.SelectMany(install => install.Blobs()).Distinct())
            db.Add(new StateBlob(cluster.OrganizationId, cluster.Id, state.Serial, blob.ToString()));
        cluster.Advance(state.Serial, digest);
        await db.SaveChangesAsync(ct);
        await ForgetOldAsync(cluster, ct);
        await db.NotifyAsync(Channel, cluster.Id.ToString(), ct);
        metrics.StateSigned(reason);
        return null;
    }

    private async Task ForgetOldAsync(Cluster cluster, CancellationToken ct)
    {
        var (before, withoutEnvelope) = (cluster.Serial - 1, cluster.Serial - StateRevision.EnvelopesKept);
        await db.StateBlobs.Where(blob => blob.ClusterId == cluster.Id && blob.Serial < before).ExecuteDeleteAsync(ct);
        await db.States.Where(state => state.ClusterId == cluster.Id && state.Serial == withoutEnvelope)
            .ExecuteUpdateAsync(state => state.SetProperty(row => row.Envelope, (byte[]?)null), ct);
    }
}
