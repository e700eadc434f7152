using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Whose approvals counted.</summary>
/// <param name="Approvers">Thumbprints of approver keys of the trust root, each once.</param>
/// <param name="ApprovedAt">When the latest of them approved.</param>
public sealed record Approved(IReadOnlyList<string> Approvers, DateTimeOffset ApprovedAt);

/// <summary>What the agent remembers of an install: it decides what an approval's age means.</summary>
/// <param name="Digest">The <see cref="InstallDigest"/> that was approved last.</param>
/// <param name="AcceptedAt">When it was first brought into the cluster; null until then, since an approval that ends before that brings nothing in.</param>
/// <param name="ApprovedAt">When the latest approval that ever counted was given (<see cref="Approved.ApprovedAt"/>); null when none was needed.</param>
public sealed record AcceptedInstall(Digest Digest, DateTimeOffset? AcceptedAt, DateTimeOffset? ApprovedAt);

/// <summary>Whether approvals meet the trust root: enough different approver keys signed exactly this content for this cluster.</summary>
public static class ApprovalVerifier
{
    /// <summary>Checks a set of approvals.</summary>
    /// <param name="installDigest">The digest the agent computed itself (<see cref="InstallDigest"/>), not one it was told.</param>
    /// <param name="before">
    /// What was accepted for this install before, or null. Content that was accepted in time stays approved: an approval's end stops no workload. Other content needs
    /// approvals no older than those of what runs: going back to an earlier version is a person's decision too, and old approvals are no stock for the Hub to choose from.
    /// </param>
    /// <returns><see cref="RefusalCode.InstallUnapproved"/> with how many of how many are there, and why the others did not count.</returns>
    public static Checked<Approved> Check(
        ApprovalSet set, Guid install, Digest installDigest, AgentIdentity identity, TrustRoot root, DateTimeOffset now, AcceptedInstall? before = null)
    {
        var keys = root.ApproverKeys.Select(k => k.Key).ToList();
        var approvers = new HashSet<string>(StringComparer.Ordinal);
        var latest = DateTimeOffset.MinValue;
        string? why = null;
        foreach (var envelope in set.Envelopes())
        {
            if (!Approval.Statement.Verify(envelope, keys).TryGet(out var verified, out var refusal))
            {
                why ??= refusal.Reason;
                continue;
            }
            if (Mismatch(verified.Value, install, installDigest, identity, now, before) is { } mismatch)
            {
                why ??= mismatch;
                continue;
            }
            approvers.UnionWith(verified.Signers);
            latest = verified.Value.ApprovedAt > latest ? verified.Value.ApprovedAt : latest;
        }
        return approvers.Count >= root.Threshold
            ? new Approved([.. approvers.Order(StringComparer.Ordinal)], latest)
            : new Refusal(RefusalCode.InstallUnapproved,
                $"{approvers.Count} of {root.Threshold} needed approvals of {installDigest}.{(why is null ? "" : $" One did not count: {why}")} Approve it with `czctl approve` and a key of the trust root.");
    }

    private static string? Mismatch(Approval approval, Guid install, Digest installDigest, AgentIdentity identity, DateTimeOffset now, AcceptedInstall? before)
    {
        if (approval.Cluster != identity.Cluster || approval.Organization != identity.Organization)
            return "it is for another cluster.";
        if (approval.Install != install)
            return "it is for another install.";
        if (approval.Digest != installDigest)
            return $"it approves {approval.Digest}, which is other content.";
        if (approval.ApprovedAt - now > AgentApi.ClockSkew)
            return $"it was given at {UtcSeconds.Format(approval.ApprovedAt)}, which is in the future here.";
        var known = before?.Digest == installDigest;
        if (approval.ExpiresAt <= ((known ? before!.AcceptedAt : null) ?? now))
            return $"it expired at {UtcSeconds.Format(approval.ExpiresAt.Value)}.";
        return !known && approval.ApprovedAt < before?.ApprovedAt
            ? $"it was given at {UtcSeconds.Format(approval.ApprovedAt)}, before other content was approved; to go back, approve it again."
            : null;
    }
}
