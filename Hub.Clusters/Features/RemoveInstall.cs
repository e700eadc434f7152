using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// DELETE /v1/orgs/{org}/clusters/{cluster}/installs/{install}: asks for its removal. 202: the state says so, and a cluster in mode approved wants it approved;
/// it is gone when the agent says so. What the cluster never had is gone at once. Again: the same.
/// </summary>
internal static partial class RemoveInstall
{
    [EndpointSummary("Ask for an install's removal from its cluster")]
    internal static async Task<Results<Accepted<InstallResource>, ProblemHttpResult>> Handle(
        string cluster, Guid install, ClustersDb db, StatePublisher states, Caller caller, IAuditLog audit, TimeProvider clock, HttpResponse response, ILogger<Install> log, CancellationToken ct)
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } found
            || await db.Installs.SingleOrDefaultAsync(row => row.Id == install && row.ClusterId == found.Id, ct) is not { } removed)
            return Problems.NotFound();
        var now = clock.GetUtcNow();
        if (!removed.Removed)
        {
            removed.Remove(found, now);
            if (await states.PublishAsync(found, StateReason.Removed, ct) is { } tooMany)
                return tooMany;
            await audit.RecordAsync(new("install.removal_requested", "install", removed.Id)
            {
                TargetName = $"{removed.Namespace}/{removed.Name}",
                Before = new { Cluster = found.Name, App = $"{removed.Publisher}/{removed.App}", removed.Version },
            }, ct);
            Removing(log, caller.Organization, removed.Id, found.Id);
        }
        response.Headers.ETag = InstallEtag.Of(removed);
        return TypedResults.Accepted($"{ClusterLinks.Of(caller.OrganizationSlug, found.Id).Installs}/{removed.Id}", await db.ToResourceAsync(found, removed, now, ct));
    }

    [LoggerMessage(3012, LogLevel.Information, "Organization {Organization} removes install {Install} from cluster {Cluster}")]
    private static partial void Removing(ILogger log, Guid organization, Guid install, Guid cluster);
}
