using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
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

/// <param name="Envelope">DSSE, payload <c>application/vnd.codezero.approval.v1+json</c>.</param>
public sealed record ApprovalRequest(Guid Install, [Required] JsonElement? Envelope);

/// <summary>An approval as it was signed.</summary>
/// <param name="Digest">The install digest that it approves.</param>
/// <param name="Thumbprint">The key it says it is signed by; the Hub does not know the cluster's approver keys, and does not judge.</param>
public sealed record ApprovalResource(Guid Id, Guid Install, string Digest, string Thumbprint, string Approver, DateTimeOffset ApprovedAt, DateTimeOffset? ExpiresAt, DsseEnvelope Envelope)
{
    internal static ApprovalResource Of(StoredApproval approval) => new(
        approval.Id, approval.InstallId, approval.InstallDigest, approval.Thumbprint, approval.Approver, approval.ApprovedAt, approval.ExpiresAt, DsseEnvelope.Parse(approval.Envelope).Value);
}

/// <summary>POST /v1/orgs/{org}/clusters/{cluster}/approvals: hands in an approval of an install's present digest, for the cluster to judge.</summary>
internal sealed partial class StoreApproval(ClustersDb db, StatePublisher states, Caller caller, IAuditLog audit, TimeProvider clock, ILogger<StoredApproval> log)
{
    /// <summary>What one install can carry: the agent reads no larger set.</summary>
    private const int MaxApprovals = 32;

    [EndpointSummary("Hand in a signed approval of an install")]
    internal static Task<Results<Created<ApprovalResource>, Ok<ApprovalResource>, ProblemHttpResult>> Handle(
        string cluster, ApprovalRequest request, StoreApproval store, CancellationToken ct) => store.RunAsync(cluster, request, ct);

    private async Task<Results<Created<ApprovalResource>, Ok<ApprovalResource>, ProblemHttpResult>> RunAsync(string clusterName, ApprovalRequest request, CancellationToken ct)
    {
        if (!DsseEnvelope.Parse(JsonMarshal.GetRawUtf8Value(request.Envelope!.Value)).TryGet(out var envelope, out var refusal)
            || !Approval.ReadUnverified(envelope).TryGet(out var approval, out refusal))
            return Problems.Unprocessable(refusal.Code, refusal.Reason);
        if (await db.LockClusterAsync(clusterName, ct) is not { } cluster
            || await db.Installs.SingleOrDefaultAsync(install => install.Id == request.Install && install.ClusterId == cluster.Id, ct) is not { } install)
            return Problems.NotFound();
        if (Mismatch(approval, cluster, install) is { } mismatch)
            return mismatch;

        var stored = StoredApproval.Of(install, approval, envelope, caller.Id, clock.GetUtcNow());
        var present = (await db.PresentApprovalsAsync([install], ct))[install.Id].ToList();
        if (present.FirstOrDefault(row => row.EnvelopeDigest == stored.EnvelopeDigest) is { } same)
            return TypedResults.Ok(ApprovalResource.Of(same));
        if (present.Count >= MaxApprovals || present.Sum(row => row.Envelope.Length + 1) + stored.Envelope.Length > ApprovalSet.MaxBytes - 64)
            return Problems.Unprocessable("approval.too_many", $"An install carries at most {MaxApprovals} approvals and {ApprovalSet.MaxBytes} bytes of them. Change the install to begin anew.");

        var set = Blob.Of(caller.Organization, ApprovalSet.Of([.. present.Select(row => DsseEnvelope.Parse(row.Envelope).Value), envelope]).ToCanonicalJson(), clock.GetUtcNow());
        await db.KeepAsync(set, ct);
        // One that was handed in for the same content before something else was wanted is kept already. Whether it still counts, the cluster judges.
        if (await db.Approvals.SingleOrDefaultAsync(row => row.InstallId == install.Id && row.EnvelopeDigest == stored.EnvelopeDigest, ct) is { } kept)
            stored = kept;
        else
            db.Add(stored);
        install.Approve(set.Digest, cluster);
        if (await states.PublishAsync(cluster, StateReason.Approved, ct) is { } tooMany)
            return tooMany;
        await audit.RecordAsync(new("approval.submitted", "install", install.Id)
        {
            TargetName = $"{install.Namespace}/{install.Name}",
            After = new { install.Digest, stored.Thumbprint, stored.Approver, stored.ExpiresAt },
        }, ct);
        Stored(log, caller.Organization, install.Id, install.Digest, stored.Thumbprint);
        return TypedResults.Created(ClusterLinks.Of(caller.OrganizationSlug, cluster.Id).Approvals, ApprovalResource.Of(stored));
    }

    private static ProblemHttpResult? Mismatch(Approval approval, Cluster cluster, Install install)
    {
        if (approval.Cluster != cluster.Id || approval.Organization != cluster.OrganizationId || approval.Install != install.Id)
            return Problems.Unprocessable("approval.other_install", "The approval was signed for another install or cluster. Sign one for this install.");
        if (install.FinishedAt is not null)
            return Problems.Conflict("install.finished", "The install is gone from the cluster; there is nothing left to approve.");
        return approval.Digest.ToString() == install.Digest ? null : Problems.Conflict("approval.stale_digest",
            "The install has changed since this was signed, and the approval is void. Look at what it is now, and approve that.",
            new Dictionary<string, object?> { ["approved"] = approval.Digest.ToString(), ["current"] = install.Digest });
    }

    [LoggerMessage(3013, LogLevel.Information, "Organization {Organization} stored an approval of install {Install} ({Digest}) by key {Thumbprint}")]
    private static partial void Stored(ILogger log, Guid organization, Guid install, string digest, string thumbprint);
}
