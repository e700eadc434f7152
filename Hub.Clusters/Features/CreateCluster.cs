using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>POST /v1/orgs/{org}/clusters: adds a cluster record, which an agent can then join.</summary>
public static partial class CreateCluster
{
    /// <param name="Name">A DNS label of at most 40 characters, unique in the organization.</param>
    public sealed record Request([Required, RegularExpression(Cluster.NamePattern, ErrorMessage = "A cluster's name is 1 to 40 of a-z, 0-9 and -, and begins and ends with a letter or digit.")] string Name);

    [EndpointSummary("Create a cluster")]
    internal static async Task<Results<Created<ClusterResource>, ProblemHttpResult>> Handle(
        Request request, ClustersDb db, Caller caller, IAuditLog audit, TimeProvider clock, ILogger<Cluster> log, CancellationToken ct)
    {
        if (Guid.TryParse(request.Name, out _))
            return Problems.Invalid("name", "A cluster's name must not read as an id: addresses take both. Choose another.");
        var cluster = Cluster.Create(caller.Organization, request.Name, caller.Id, clock.GetUtcNow());
        db.Add(cluster);
        // The look before spares the log an error; the index decides between two who look at once.
        if (await db.Clusters.AnyAsync(other => other.Name == request.Name && other.RemovedAt == null, ct) || !await db.TrySaveUniqueAsync(ct))
            return Problems.Conflict("cluster.name_taken", $"This organization has a cluster named {request.Name} already. Choose another name, or remove that one first.");
        await audit.RecordAsync(new("cluster.created", "cluster", cluster.Id) { TargetName = cluster.Name, After = new { cluster.Name } }, ct);
        Created(log, caller.Organization, cluster.Id);
        var resource = await db.ToResourceAsync(cluster, caller.OrganizationSlug, ct);
        return TypedResults.Created(resource.Links.Self, resource);
    }

    [LoggerMessage(3001, LogLevel.Information, "Organization {Organization} created cluster {Cluster}")]
    private static partial void Created(ILogger log, Guid organization, Guid cluster);
}
