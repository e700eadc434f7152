using System.ComponentModel.DataAnnotations;
using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>POST /v1/orgs/{org}/clusters/{cluster}/enrolments: a one-time token for an agent to join with.</summary>
public static partial class CreateEnrolment
{
    /// <param name="Minutes">The token's life, 1 to 60. Default 30.</param>
    public sealed record Request([Range(1, 60)] int Minutes = 30);

    /// <param name="Token">Shown this once; the Hub keeps only its hash.</param>
    /// <param name="HubUrl">Where the agent reaches the Hub.</param>
    /// <param name="StateKeys">The Hub's state keys as JWKs: what the cluster's trust root lists.</param>
    public sealed record Response(Guid Id, string Token, DateTimeOffset ExpiresAt, Uri HubUrl, IReadOnlyList<PublicJwk> StateKeys, Guid Organization, Guid Cluster);

    [EndpointSummary("Create a one-time token with which an agent joins")]
    internal static async Task<Results<Created<Response>, ProblemHttpResult>> Handle(
        string cluster, Request request, ClustersDb db, Caller caller, IStateKeys keys, IOptions<HubOptions> hub, IAuditLog audit, TimeProvider clock, HttpResponse response,
        ILogger<Enrolment> log, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var now = clock.GetUtcNow();
        var token = EnrolmentToken.Create(caller.Organization, found.Id, Guid.CreateVersion7(now));
        var enrolment = Enrolment.Open(found, token, TimeSpan.FromMinutes(request.Minutes), caller.Id, now);
        db.Add(enrolment);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("enrolment.opened", "cluster", found.Id) { TargetName = found.Name, After = new { Enrolment = enrolment.Id, enrolment.ExpiresAt } }, ct);
        Opened(log, caller.Organization, found.Id, enrolment.Id);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created(ClusterLinks.Of(caller.OrganizationSlug, found.Id).Enrolments, new Response(
            enrolment.Id, token.Reveal(), enrolment.ExpiresAt, hub.Value.PublicUrl!, PublicJwk.From(await keys.PublishedAsync(ct)), caller.Organization, found.Id));
    }

    [LoggerMessage(3003, LogLevel.Information, "Organization {Organization} opened enrolment {Enrolment} of cluster {Cluster}")]
    private static partial void Opened(ILogger log, Guid organization, Guid cluster, Guid enrolment);
}
