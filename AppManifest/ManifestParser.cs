using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>
/// Reads application manifests: tolerant of what people write, strict in what comes out. Old names and shorthands are normalised, each with a diagnostic;
/// all errors are found at once; nothing that the input says makes it throw.
/// </summary>
public static class ManifestParser
{
    /// <summary>The most diagnostics of one manifest; what is found beyond them is only counted.</summary>
    public const int MostDiagnostics = 500;

    /// <summary>Each document of the manifest is one application.</summary>
    public static ManifestResult Parse(ManifestFiles files, ManifestOptions? options = null)
    {
        options ??= ManifestOptions.Default;
        var yaml = YamlReader.Read(files.Manifest, files.Name);
        var diagnostics = new List<Diagnostic>(yaml.Diagnostics);
        var applications = new List<Application>();
        var referenced = new HashSet<string>(StringComparer.Ordinal);
        foreach (var document in yaml.Documents.Where(d => d is not YamlScalar { IsNull: true }))
        {
            var context = new ReadContext(options);
            var reader = new ApplicationReader(context, files);
            var application = reader.Read(document);
            referenced.UnionWith(reader.EditionFiles);
            if (application is not null && context.Fatal == 0 && !yaml.HasErrors)
                applications.Add(application);
            diagnostics.AddRange(context.Diagnostics);
        }
        if (yaml.Documents.All(d => d is YamlScalar { IsNull: true }) && !yaml.HasErrors)
            diagnostics.Add(Diagnostic.Error("manifest.empty", "The manifest is empty. It needs at least appId, name and editions.", new(files.Name, 1, 1)));
        RefuseTwins(applications, diagnostics, files.Name);
        if (!yaml.HasErrors)
            foreach (var orphan in files.Others.Where(f => f != files.Name && !referenced.Contains(f)))
                diagnostics.Add(new(Severity.Warning, "manifest.unreferenced_edition", "No application lists this edition file, so it is not published.", orphan, 1, 1, ""));
        return new(applications, Ordered(diagnostics, files.Name));
    }

    private static void RefuseTwins(List<Application> applications, List<Diagnostic> diagnostics, string file)
    {
        foreach (var twins in applications.GroupBy(a => a.AppId, StringComparer.Ordinal).Where(g => g.Count() > 1).ToList())
        {
            diagnostics.Add(Diagnostic.Error("manifest.duplicate", $"Two documents have the appId {twins.Key}. Give each application its own.", new(file, 1, 1)));
            applications.RemoveAll(a => a.AppId == twins.Key);
        }
    }

    /// <summary>The manifest first, then its files as they were first mentioned; within a file from top to bottom.</summary>
    private static List<Diagnostic> Ordered(List<Diagnostic> diagnostics, string main)
    {
        var order = new Dictionary<string, int>(StringComparer.Ordinal) { [main] = 0 };
        foreach (var diagnostic in diagnostics)
            order.TryAdd(diagnostic.File, order.Count);
        var ordered = diagnostics.OrderBy(d => order[d.File]).ThenBy(d => d.Line).ThenBy(d => d.Column).ToList();
        if (ordered.Count <= MostDiagnostics)
            return ordered;
        // Errors first: they decide, and must not be cut off by warnings.
        var kept = ordered.Where(d => d.Severity == Severity.Error).Concat(ordered.Where(d => d.Severity != Severity.Error)).Take(MostDiagnostics).ToHashSet(ReferenceEqualityComparer.Instance);
        var last = ordered[^1];
        return
        [
            .. ordered.Where(kept.Contains),
            last with { Severity = Severity.Error, Code = "manifest.too_many_findings", Message = $"There are {ordered.Count - MostDiagnostics} more findings. Correct these first.", Path = "", Suggestion = null },
        ];
    }
}
