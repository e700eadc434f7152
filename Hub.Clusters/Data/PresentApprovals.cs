using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Data;

/// <summary>
/// The approvals that an install carries to its cluster: those of its present content, handed in since that came to be wanted. One of the same content from before
/// something else was wanted is history: going back needs a new one.
/// </summary>
internal static class PresentApprovals
{
    /// <summary>By install, the oldest first; for all installs in two look-ups.</summary>
    public static async Task<ILookup<Guid, StoredApproval>> PresentApprovalsAsync(this ClustersDb db, IReadOnlyList<Install> installs, CancellationToken ct)
    {
        var ids = installs.Where(install => install.Approval is not null).ToDictionary(install => install.Approval!, install => install.Id);
        var sets = await db.Blobs.AsNoTracking().Where(blob => ids.Keys.Contains(blob.Digest)).ToListAsync(ct);
        var carried = sets.SelectMany(set => EnvelopeDigests(set).Select(envelope => (Install: ids[set.Digest], envelope))).ToHashSet();
        var approvals = await db.Approvals.AsNoTracking().Where(approval => ids.Values.Contains(approval.InstallId)).OrderBy(approval => approval.Id).ToListAsync(ct);
        return approvals.Where(approval => carried.Contains((approval.InstallId, approval.EnvelopeDigest))).ToLookup(approval => approval.InstallId);
    }

    private static IEnumerable<string> EnvelopeDigests(Blob set) =>
        ApprovalSet.Parse(set.Content).Value.Envelopes().Select(envelope => AppManifest.Digest.Of(envelope.ToJson()).ToString());
}
