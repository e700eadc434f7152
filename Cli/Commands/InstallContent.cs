using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.Hub.Client;
using Application = CodeZero.AppManifest.Application;

namespace CodeZero.Cli.Commands;

/// <summary>What an approval covers, and how a person reads it.</summary>
/// <param name="Digest">Computed here, of everything shown.</param>
/// <param name="Edition">Null for a removal.</param>
/// <param name="Spec">The edition's; null for a removal, and for provisioners whose keys are not known.</param>
internal sealed record InstallContent(Install Install, Digest Digest, Edition? Edition, EditionSpec? Spec)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="application">The manifest, verified by its digest; null for a removal, which needs none.</param>
    /// <exception cref="FormatException">A digest of the install is none.</exception>
    public static InstallContent Of(Install install, Application? application)
    {
        var desired = new DesiredInstall(
            install.Id, install.Name, install.Namespace, $"{install.Publisher}/{install.App}", install.Edition, install.Version,
            AppManifest.Digest.Parse(install.Manifest), new ProvisionerPin(install.Provisioner.Package, install.Provisioner.Version, install.Provisioner.Integrity),
            install.Inputs is { } inputs ? AppManifest.Digest.Parse(inputs) : null, Approval: null, PublisherSignature: null, Paused: false, install.Removed, DependsOn: []);
        var edition = application?.Edition(install.Edition);
        var spec = edition is null ? null : EditionSpec.Read(edition.Spec, install.App).Value;
        return new(install, InstallDigest.Of(install.Cluster, install.Organization, desired), edition, spec);
    }

    /// <summary>Line by line, the most important first, and then the whole of it: what is not shown could run unseen.</summary>
    public IEnumerable<string> Lines(string cluster)
    {
        yield return Install.Removed ? $"REMOVE {Install.Namespace}/{Install.Name} from {cluster}" : $"INSTALL {Install.Publisher}/{Install.App} {Install.Version} ({Install.Edition}) on {cluster}";
        yield return Line("as", $"{Install.Namespace}/{Install.Name}");
        yield return Line("manifest", Install.Manifest);
        yield return Line("provisioner", $"{Install.Provisioner.Package} {Install.Provisioner.Version}");
        yield return Line("answers", Install.Inputs is { } inputs ? $"sealed ({inputs})" : "none");
        foreach (var (label, text) in Parts())
            yield return Line(label, text);
        if (Edition is { } edition)
        {
            yield return Line("in full", "the edition as it was published");
            foreach (var line in JsonSerializer.Serialize(edition.Spec, Indented).Split('\n'))
                yield return "    " + line;
        }
        yield return Line("digest", Digest.ToString());
    }

    private IEnumerable<(string Label, string Text)> Parts() => Install.Removed ? [] : PartsOf(Spec);

    /// <summary>What an edition brings into the cluster, by kind.</summary>
    /// <param name="spec">Null for provisioners whose keys are not known.</param>
    public static IEnumerable<(string Label, string Text)> PartsOf(EditionSpec? spec)
    {
        if (spec is null)
        {
            yield return ("content", "not known to this czctl; the provisioner decides");
            yield break;
        }
        if (spec.Provisioner.AppEngine is { } engine)
        {
            yield return ("image", engine.Image.ToString());
            foreach (var port in engine.Ports)
                yield return ("port", string.Create(CultureInfo.InvariantCulture, $"{port.Port}/{port.Protocol.ToString().ToUpperInvariant()}{(port.Name is null ? "" : $" ({port.Name})")}"));
            foreach (var volume in engine.Volumes)
                yield return ("volume", $"{volume.Name} {volume.Size} at {volume.MountPath}");
            if (engine.Command.Count > 0)
                yield return ("command", string.Join(' ', engine.Command));
        }
        else if (!spec.Provisioner.IsIgnored)
            yield return ("content", $"made by {spec.Provisioner.Package}");
        foreach (var dependency in spec.Provisioner.Services)
            yield return ("needs", dependency.Name);
        foreach (var route in spec.Routes.Where(route => !route.Disabled))
            yield return ("route", $"{route.Type.ToString().ToLowerInvariant()} to {route.TargetService}{(route.Private ? ", private" : "")}");
    }

    private static string Line(string label, string text) => $"  {label,-12}{text}";
}
