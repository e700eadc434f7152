using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>
/// One application instance a cluster is to run. An install leaves a cluster only through an entry with <paramref name="Removed"/> set
/// (and, in mode approved, approved as such); one that is absent from a state is left exactly as it is.
/// </summary>
/// <param name="Name">Kubernetes name of the App, an RFC 1123 label.</param>
/// <param name="Namespace">Kubernetes namespace, an RFC 1123 label.</param>
/// <param name="App">The application in the Hub: <c>name</c> or <c>publisher/name</c>.</param>
/// <param name="Edition">The edition's name, a lower-case Kubernetes label value.</param>
/// <param name="Version">The published version, at most 128 of SemVer's characters.</param>
/// <param name="Manifest">The version's canonical manifest.</param>
/// <param name="Provisioner">The code that turns it into Kubernetes objects.</param>
/// <param name="Inputs">The answers, sealed to the cluster (<see cref="Sealing.SealedInputs"/>); null when there are none.</param>
/// <param name="Approval">An <see cref="ApprovalSet"/>; null when there is none.</param>
/// <param name="PublisherSignature">The envelope of a <see cref="PublishedVersion"/>; null when there is none.</param>
/// <param name="Paused">Keep what is there, change nothing. Needs no approval: the Hub may always stop.</param>
/// <param name="Removed">Uninstall it.</param>
/// <param name="DependsOn">Ids of installs in the same state that must be healthy first, at most 32.</param>
public sealed record DesiredInstall(
    Guid Id, string Name, string Namespace, string App, string Edition, string Version,
    Digest Manifest, ProvisionerPin Provisioner, Digest? Inputs, Digest? Approval, Digest? PublisherSignature,
    bool Paused, bool Removed, IReadOnlyList<Guid> DependsOn)
{
    public const int MaxDependencies = 32;

    /// <summary>Every document the install refers to, and no other may be asked of the Hub for it.</summary>
    public IEnumerable<Digest> Blobs() =>
        new[] { Manifest, Inputs, Approval, PublisherSignature }.Where(d => d is not null).Select(d => d!.Value);

    internal static IEnumerable<string> Problems(DesiredInstall install)
    {
        if (!Rules.IsLabel(install.Name))
            yield return "name must be a Kubernetes label: a-z, 0-9 and -, at most 63.";
        if (!Rules.IsLabel(install.Namespace))
            yield return "namespace must be a Kubernetes label: a-z, 0-9 and -, at most 63.";
        if (!Rules.IsApp(install.App))
            yield return "app must be name or publisher/name, each a label of a-z, 0-9 and -, at most 63.";
        if (!Rules.IsEdition(install.Edition))
            yield return "edition must be a lower-case Kubernetes label value, at most 63.";
        if (!Rules.IsVersion(install.Version))
            yield return "version must be 1 to 128 of the characters 0-9 A-Z a-z . + -.";
        foreach (var problem in ProvisionerPin.Problems(install.Provisioner))
            yield return $"provisioner.{problem}";
        if (install.DependsOn.Count > MaxDependencies || install.DependsOn.Distinct().Count() != install.DependsOn.Count)
            yield return $"dependsOn must hold at most {MaxDependencies} different ids.";
    }
}

/// <summary>Exactly which code an install is made by.</summary>
/// <param name="Package">npm package name.</param>
/// <param name="Version">The package's exact version.</param>
/// <param name="Integrity">
/// <c>sha512-&lt;base64&gt;</c> of the package file, as npm's <c>dist.integrity</c>; null means the agent's own built-in implementation of that package,
/// whose code is the agent's.
/// </param>
public sealed record ProvisionerPin(string Package, string Version, string? Integrity)
{
    internal static IEnumerable<string> Problems(ProvisionerPin pin)
    {
        if (!Rules.IsPackage(pin.Package))
            yield return "package must be an npm package name.";
        if (!Rules.IsVersion(pin.Version))
            yield return "version must be 1 to 128 of the characters 0-9 A-Z a-z . + -.";
        if (pin.Integrity is not null && !Rules.IsIntegrity(pin.Integrity))
            yield return "integrity must be sha512- and 64 bytes in standard base64, or null for a built-in provisioner.";
    }
}
