using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol;

/// <summary>An install that may be applied, with the documents it needs.</summary>
/// <param name="Digest">The <see cref="InstallDigest"/>; reports name it as the revision.</param>
/// <param name="Manifest">Canonical manifest bytes; empty for an install that is removed.</param>
/// <param name="SealedInputs">The JWE, still sealed; null when there are no answers.</param>
/// <param name="Approved">Whose approvals counted; null where none is needed.</param>
public sealed record VerifiedInstall(
    DesiredInstall Install, Digest Digest, ReadOnlyMemory<byte> Manifest, ReadOnlyMemory<byte>? SealedInputs, Approved? Approved);

/// <summary>Whether one install of an accepted state may be applied. A refusal is this install's alone; the others go on.</summary>
public static class InstallVerifier
{
    /// <summary>Checks documents, dependencies, approvals, publisher and provisioner, in this order.</summary>
    /// <param name="install">One of the state's installs.</param>
    /// <param name="blobs">What the Hub answered for <see cref="DesiredInstall.Blobs"/>, by the digest that was asked for.</param>
    /// <param name="provisioners">What this agent can run: its built-in ones with null integrity (any version), and package files whose bytes it has hashed.</param>
    /// <param name="before">What was accepted for this install before: see <see cref="ApprovalVerifier.Check"/>.</param>
    public static Checked<VerifiedInstall> Check(
        DesiredState state, DesiredInstall install, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs, TrustRoot root,
        IReadOnlyCollection<ProvisionerPin> provisioners, DateTimeOffset now, AcceptedInstall? before = null)
    {
        var needed = install.Removed ? install.Approval is { } approval ? [approval] : [] : install.Blobs();
        var refusal = needed.Select(d => Document(d, blobs)).FirstOrDefault(r => r is not null);
        if (refusal is not null)
            return refusal;
        var digest = InstallDigest.Of(state.Cluster, state.Organization, install);
        Approved? approved = null;
        if (root.NeedsApproval && !Approvals(state, install, digest, blobs, root, now, before).TryGet(out approved, out refusal))
            return refusal;
        if (install.Removed)
            return new VerifiedInstall(install, digest, default, null, approved);
        refusal = Dependencies(state, install) ?? (root.NeedsPublisher ? Publisher(install, blobs, root) : null) ?? Provisioner(install, provisioners);
        if (refusal is not null)
            return refusal;
        // The type is written out: a bare null would become empty memory, and no answers would look like broken ones.
        ReadOnlyMemory<byte>? answers = install.Inputs is { } inputs ? blobs[inputs] : default(ReadOnlyMemory<byte>?);
        return new VerifiedInstall(install, digest, blobs[install.Manifest], answers, approved);
    }

    /// <summary>Whether a document's bytes are what its name says.</summary>
    public static Refusal? CheckBlob(Digest digest, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > AgentApi.MaxBlobBytes)
            return new(RefusalCode.BlobSize, $"The document {digest} has {bytes.Length} bytes; at most {AgentApi.MaxBlobBytes} are allowed.");
        var actual = Digest.Of(bytes);
        return actual == digest ? null : new(RefusalCode.BlobDigest, $"The document asked for as {digest} has the digest {actual}: it was altered on the way or in the Hub.");
    }

    private static Refusal? Document(Digest digest, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs) =>
        blobs.TryGetValue(digest, out var bytes)
            ? CheckBlob(digest, bytes.Span)
            : new(RefusalCode.BlobMissing, $"The document {digest} could not be had from the Hub; the agent asks again.");

    private static Checked<Approved> Approvals(
        DesiredState state, DesiredInstall install, Digest digest, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs, TrustRoot root, DateTimeOffset now,
        AcceptedInstall? before)
    {
        var set = new ApprovalSet([]);
        if (install.Approval is { } approval && !ApprovalSet.Parse(blobs[approval].Span).TryGet(out set, out var refusal))
            return refusal with { Code = RefusalCode.InstallUnapproved };
        return ApprovalVerifier.Check(set, install.Id, digest, new(state.Cluster, state.Organization), root, now, before);
    }

    private static Refusal? Dependencies(DesiredState state, DesiredInstall install)
    {
        var byId = state.Installs.ToDictionary(i => i.Id);
        var seen = new HashSet<Guid>();
        var ahead = new Stack<Guid>(install.DependsOn);
        while (ahead.TryPop(out var id))
        {
            if (id == install.Id)
                return new(RefusalCode.InstallDependency, $"Install {install.Name} depends in the end on itself; break the circle in dependsOn.");
            if (!seen.Add(id))
                continue;
            if (byId.GetValueOrDefault(id) is not { Removed: false } dependency)
                return new(RefusalCode.InstallDependency, $"Install {install.Name} needs install {id}, which is not in this state or is being removed.");
            foreach (var next in dependency.DependsOn)
                ahead.Push(next);
        }
        return null;
    }

    private static Refusal? Publisher(DesiredInstall install, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> blobs, TrustRoot root)
    {
        if (install.PublisherSignature is not { } signature)
            return new(RefusalCode.InstallUnsigned, $"Version {install.Version} of {install.App} carries no publisher signature; this cluster is in mode published.");
        var keys = root.PublisherKeys.Select(k => k.Key).ToList();
        if (!DsseEnvelope.Parse(blobs[signature].Span).TryGet(out var envelope, out var refusal) || !PublishedVersion.Statement.Verify(envelope, keys).TryGet(out var verified, out refusal))
            return refusal with { Code = RefusalCode.InstallUnsigned };
        return verified.Value == new PublishedVersion(install.App, install.Version, install.Manifest)
            ? null
            : new(RefusalCode.InstallUnsigned, $"The publisher signed {verified.Value.App} {verified.Value.Version} ({verified.Value.Manifest}), which is not what the install names.");
    }

    private static Refusal? Provisioner(DesiredInstall install, IReadOnlyCollection<ProvisionerPin> provisioners)
    {
        var pin = install.Provisioner;
        if (pin.Integrity is null)
            return provisioners.Any(p => p.Integrity is null && p.Package == pin.Package)
                ? null
                : new(RefusalCode.ProvisionerIntegrity, $"The provisioner {pin.Package} is not built into this agent, and the install pins no package file. Publish a version whose manifest names a package this agent has, or update the agent.");
        return provisioners.Contains(pin)
            ? null
            : new(RefusalCode.ProvisionerIntegrity, $"No provisioner package {pin.Package} {pin.Version} with integrity {pin.Integrity} is at hand: it could not be had, or its content is another.");
    }
}
