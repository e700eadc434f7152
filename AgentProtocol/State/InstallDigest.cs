using System.Text.Json;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>
/// What a person approves: the digest of an install's content on one cluster. Pausing and the approvals themselves are not part of it; everything that
/// changes what runs is, and so are the cluster and its organization, so that an approval is good nowhere else.
/// </summary>
public static class InstallDigest
{
    /// <summary>The digest of <see cref="ToCanonicalJson"/>.</summary>
    public static Digest Of(Guid cluster, Guid organization, DesiredInstall install) => Digest.Of(ToCanonicalJson(cluster, organization, install));

    /// <summary>The canonical JSON that the digest is taken of: show this to who approves.</summary>
    public static byte[] ToCanonicalJson(Guid cluster, Guid organization, DesiredInstall install) =>
        CanonicalJson.Serialize(JsonSerializer.SerializeToElement(
            new Content(
                cluster, organization, install.Id, install.Name, install.Namespace, install.App, install.Edition, install.Version, install.Manifest,
                install.Provisioner, install.Inputs, install.PublisherSignature, install.Removed, install.DependsOn),
            WireJson.Strict.InstallDigestContent));

    internal sealed record Content(
        Guid Cluster, Guid Organization, Guid Id, string Name, string Namespace, string App, string Edition, string Version, Digest Manifest,
        ProvisionerPin Provisioner, Digest? Inputs, Digest? PublisherSignature, bool Removed, IReadOnlyList<Guid> DependsOn);
}
