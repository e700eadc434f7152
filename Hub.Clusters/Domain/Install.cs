using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Which application in which form: what can change in an install while it stays the same one.</summary>
/// <param name="Manifest">Digest of the version's canonical manifest.</param>
/// <param name="Inputs">Digest of the sealed inputs, which the Hub cannot read.</param>
internal sealed record InstallContent(
    string Publisher, string App, string Edition, string Version, DateTimeOffset PublishedAt, string Manifest, ProvisionerPin Provisioner, string? Inputs);

/// <summary>
/// An application wanted on a cluster. What is wanted is the organization's to change, under the cluster's lock; each change raises the revision.
/// What was observed is the agent's word.
/// </summary>
internal sealed class Install : ITenantOwned
{
    private Install(Guid organizationId, Guid id, Guid clusterId, string name, string @namespace, DateTimeOffset createdAt, Guid createdBy) =>
        (OrganizationId, Id, ClusterId, Name, Namespace, CreatedAt, CreatedBy) = (organizationId, id, clusterId, name, @namespace, createdAt, createdBy);

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }
    public string Name { get; private set; }
    public string Namespace { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public Guid CreatedBy { get; private set; }

    public string Publisher { get; private set; } = "";
    public string App { get; private set; } = "";
    public string Edition { get; private set; } = "";
    public string Version { get; private set; } = "";
    public DateTimeOffset PublishedAt { get; private set; }
    public string Manifest { get; private set; } = "";
    public ProvisionerPin Provisioner { get; private set; } = new("", "", null);
    public string? Inputs { get; private set; }

    /// <summary>What approvers approve: <see cref="InstallDigest"/> of all above and <see cref="Removed"/>.</summary>
    public string Digest { get; private set; } = "";

    /// <summary>Digest of the set of approvals of the present <see cref="Digest"/>; null when there are none.</summary>
    public string? Approval { get; private set; }

    public bool Paused { get; private set; }
    public bool Removed { get; private set; }

    /// <summary>When the cluster no longer had it; from then on it is history and in no state.</summary>
    public DateTimeOffset? FinishedAt { get; private set; }

    /// <summary>Raised by every change of what is wanted; the ETag.</summary>
    public long Revision { get; private set; }

    /// <summary>The first state that says what is wanted now; an agent who has not accepted it cannot speak of it.</summary>
    public long StateSerial { get; private set; }

    /// <summary>When a state with the present digest was handed to the agent.</summary>
    public DateTimeOffset? ServedAt { get; private set; }

    /// <summary>Whether any digest of it was ever handed to the agent.</summary>
    public bool EverServed { get; private set; }

    /// <summary>Whether the agent ever said that it has objects in the cluster.</summary>
    public bool EverApplied { get; private set; }

    public Observation? Observed { get; private set; }

    public static Install Request(Cluster cluster, Guid id, string name, string @namespace, InstallContent content, Guid by, DateTimeOffset now)
    {
        var install = new Install(cluster.OrganizationId, id, cluster.Id, name, @namespace, now, by);
        install.Want(content, cluster);
        return install;
    }

    /// <summary>What it is made from.</summary>
    public InstallContent Content => new(Publisher, App, Edition, Version, PublishedAt, Manifest, Provisioner, Inputs);

    public void Change(InstallContent content, Cluster cluster) => Want(content, cluster);

    /// <summary>Pausing needs no approval: the digest stays.</summary>
    public void Pause(bool paused, Cluster cluster)
    {
        Paused = paused;
        Touch(cluster);
    }

    /// <summary>A set of approvals of the present digest is there; what the agent refused for want of it, it may look at again.</summary>
    public void Approve(string approvalSet, Cluster cluster)
    {
        Approval = approvalSet;
        Observed = Observed?.Reconsidered();
        Touch(cluster);
    }

    /// <summary>
    /// Asks for its removal, which changes its digest. What the cluster cannot have, as no state with it was handed out or the agent refused it from the
    /// first, is finished at once.
    /// </summary>
    public void Remove(Cluster cluster, DateTimeOffset now)
    {
        var absent = !EverServed || (!EverApplied && Observed?.Refusal is not null);
        Removed = true;
        Renew(cluster);
        if (absent)
            FinishedAt = now;
    }

    /// <summary>A state that says what is wanted now was handed to the agent.</summary>
    public void Serve(DateTimeOffset now) => (ServedAt, EverServed) = (ServedAt ?? now, true);

    /// <summary>Takes the agent's word. About what is wanted now it can only speak when it has accepted a state that says so.</summary>
    /// <param name="said">What the report says of this install; null when nothing.</param>
    /// <param name="refusal">Its refusal of this install; null when there is none.</param>
    /// <param name="mayReturn">Whether, finished, it may come back: its name is free.</param>
    /// <returns>Whether the state must change: the cluster no longer has it, or still does although it was finished.</returns>
    public bool Observe(Cluster cluster, AgentReport report, InstallReport? said, ReportedRefusal? refusal, bool mayReturn, DateTimeOffset now)
    {
        if (report.Serial is not { } serial)
            return false;
        var aware = serial >= StateSerial;
        if (!aware)
            (said, refusal) = (said?.Phase == InstallPhase.Refused ? null : said, null); // it refused something else
        if (said is null && refusal is null)
            return false;
        var running = said?.Phase is InstallPhase.Progressing or InstallPhase.Healthy or InstallPhase.Degraded or InstallPhase.Failed;
        Observed = Observation.Of(report, said, Digest, refusal);
        EverApplied |= running;
        EverServed |= running;
        if (FinishedAt is null && Removed && aware && said?.Phase == InstallPhase.Removed)
            FinishedAt = now;
        else if (FinishedAt is not null && running && mayReturn)
            (FinishedAt, StateSerial) = (null, cluster.Serial + 1); // not the report's: states since then were signed without it
        else
            return false;
        return true;
    }

    public DesiredInstall ToDesired() => new(
        Id, Name, Namespace, $"{Publisher}/{App}", Edition, Version, AppManifest.Digest.Parse(Manifest), Provisioner, Optional(Inputs), Optional(Approval),
        PublisherSignature: null, Paused, Removed, DependsOn: []);

    private void Want(InstallContent content, Cluster cluster)
    {
        (Publisher, App, Edition, Version, PublishedAt) = (content.Publisher, content.App, content.Edition, content.Version, content.PublishedAt);
        (Manifest, Provisioner, Inputs) = (content.Manifest, content.Provisioner, content.Inputs);
        Renew(cluster);
    }

    /// <summary>Takes the digest anew. Another digest has no approvals, and nothing of it was handed out or observed.</summary>
    private void Renew(Cluster cluster)
    {
        Touch(cluster);
        var digest = InstallDigest.Of(ClusterId, OrganizationId, ToDesired()).ToString();
        if (digest == Digest)
            return;
        (Digest, Approval, ServedAt, Observed) = (digest, null, null, Observed?.Outdated());
    }

    private void Touch(Cluster cluster) => (Revision, StateSerial) = (Revision + 1, cluster.Serial + 1);

    private static Digest? Optional(string? digest) => digest is null ? null : AppManifest.Digest.Parse(digest);
}
