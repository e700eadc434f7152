using System.Text.Json;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;

namespace CodeZero.ClusterAgent.Provisioners;

/// <summary>Finds the provisioner of an App, or says why there is none here.</summary>
internal static class ProvisionerCatalog
{
    /// <summary>Reads the App's spec and chooses its provisioner. What is wrong but harmless is in the notes, so that nothing is left out in silence.</summary>
    public static (EditionSpec? Spec, IProvisioner? Provisioner, IReadOnlyList<AppProblem> Problems, IReadOnlyList<AppProblem> Notes) Resolve(AppResource app)
    {
        using var document = JsonDocument.Parse(app.Spec?.ToJsonString() ?? "null");
        var read = EditionSpec.Read(document.RootElement, app.Key.Name);
        if (read.HasErrors || read.Value is not { } spec)
            return (null, null, [.. Found(Severity.Error, "spec.invalid").DefaultIfEmpty(new("spec.invalid", "", "The spec cannot be read."))], []);

        IReadOnlyList<AppProblem> notes = [.. Found(Severity.Warning, "spec.ignored")];
        var provisioner = spec.Provisioner;
        if (provisioner.IsIgnored)
            return (spec, new NothingProvisioner(), [], notes);
        if (provisioner.Services.Count > 0)
            return (spec, null, [new("provisioner.services", "",
                $"The edition needs {string.Join(", ", provisioner.Services.Select(service => service.Name))} to be provisioned with it, which this agent cannot do. "
                + "Choose an edition without spec.provisioner.services, and give it the address of a database of your own.")], notes);
        if (provisioner.Package == ProvisionerSpec.AppEnginePackage)
            return (spec, new AppEngine.AppEngineProvisioner(), [], notes);
        return (spec, null, [new("provisioner.unsupported", "",
            $"The edition is installed by the package {provisioner.Package}, which this agent cannot run; it has {ProvisionerSpec.AppEnginePackage} built in. "
            + "Choose another edition, or update the agent to a version that has the package.")], notes);

        IEnumerable<AppProblem> Found(Severity severity, string code) => read.Diagnostics.Where(finding => finding.Severity == severity)
            .Select(finding => new AppProblem(code, "", $"spec.{finding.Path}: {finding.Message}"));
    }

    /// <summary><c>provisioner: ignore</c>: the App is there to be shown; it has no objects.</summary>
    private sealed class NothingProvisioner : IProvisioner
    {
        public RenderResult Render(RenderContext context) => new();
    }
}
