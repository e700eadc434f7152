using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using PublishedVersion = CodeZero.Hub.Contracts.PublishedVersion;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Which edition of a version an organization may install, and by which provisioner. Pure.</summary>
internal static class EditionChoice
{
    /// <summary>The edition meant when none is named and there are several.</summary>
    public const string Default = "latest";

    /// <summary>The version of a provisioner that is built into the agent: the agent's own.</summary>
    public const string BuiltIn = "builtin";

    /// <summary>The editions on offer: the publisher's own organization sees private ones too. Deprecated ones stay with who has them.</summary>
    public static IReadOnlyList<Edition> Offered(Application application, bool own, string? installed) =>
        [.. application.Editions.Where(edition => edition.Name == installed || edition.Status == EditionStatus.Public || (own && edition.Status == EditionStatus.Private))];

    /// <summary>The edition of this name; without a name the only one, or the one named <see cref="Default"/>. Null when there is no such edition on offer.</summary>
    public static Edition? Choose(IReadOnlyList<Edition> offered, string? name) =>
        name is not null ? offered.FirstOrDefault(edition => edition.Name == name)
        : offered.Count == 1 ? offered[0]
        : offered.FirstOrDefault(edition => edition.Name == Default);

    /// <summary>What an install of this edition is made from, but for its inputs.</summary>
    public static InstallContent ToContent(PublishedVersion version, Application application, Edition edition)
    {
        var spec = EditionSpec.Read(edition.Spec, application.AppId).Value;
        var package = spec?.Provisioner is { IsIgnored: false } provisioner ? provisioner.Package : ProvisionerSpec.IgnorePackage;
        return new(
            version.Publisher, version.App, edition.Name, version.Version, version.PublishedAt, version.Digest, new ProvisionerPin(package, BuiltIn, Integrity: null), Inputs: null);
    }
}
