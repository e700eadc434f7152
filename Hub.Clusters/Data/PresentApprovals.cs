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
        var digests = installs.Where(install => install.Approval is not null).ToDictionary(install => install.Id, install => install.Approval!);
        var sets = await db.Blobs.AsNoTracking().Where(blob => digests.Values.Contains(blob.Digest)).ToDictionaryAsync(blob => blob.Digest, EnvelopeDigests, ct);
        var approvals = await db.Approvals.AsNoTracking().Where(approval => digests.Keys.Contains(approval.InstallId)).OrderBy(approval => approval.Id).ToListAsync(ct);
        return approvals.Where(approval => sets.TryGetValue(digests[approval.InstallId], out var carried) && carried.Contains(approval.EnvelopeDigest)).ToLookup(approval => approval.InstallId);
    }

    /// <summary>A set that cannot be read, since somebody wrote to the database, carries none; the cluster refuses it.</summary>
    private static HashSet<string> EnvelopeDigests(Blob set) =>
        ApprovalSet.Parse(set.Content).TryGet(out var approvals, out _) ? [.. approvals.Envelopes().Select(envelope => AppManifest.Digest.Of(envelope.ToJson()).ToString())] : [];
}
