using System.Text;

namespace CodeZero.AppManifest.Tests;

/// <summary>Small manifests to try one thing on.</summary>
internal static class Manifests
{
    public static ManifestResult Parse(string yaml, ManifestOptions? options = null) => ManifestParser.Parse(ManifestFiles.FromText(yaml), options);

    /// <summary>A valid application with these lines added to its root.</summary>
    public static string Root(string lines) => $$"""
        appId: sample
        name: Sample
        package: '@provisioner/appengine'
        editions:
          - name: stable
            spec:
              provisioner:
                image: sample
        {{lines}}
        """;

    /// <summary>A valid application with these lines added to its edition.</summary>
    public static string Edition(string lines) => $$"""
        appId: sample
        name: Sample
        editions:
          - name: stable
            spec:
              provisioner: ignore
        {{Indented(lines, 4)}}
        """;

    /// <summary>A valid application with these lines added to its spec.</summary>
    public static string Spec(string lines) => $$"""
        appId: sample
        name: Sample
        editions:
          - name: stable
            spec:
              provisioner:
                package: '@provisioner/appengine'
                image: sample
        {{Indented(lines, 6)}}
        """;

    /// <summary>A valid AppEngine application with an http route and these lines added to its provisioner.</summary>
    public static string Engine(string lines) => $$"""
        appId: sample
        name: Sample
        editions:
          - name: stable
            spec:
              routes:
                - type: http
                  targetService: sample
              provisioner:
                package: '@provisioner/appengine'
                image: sample
        {{Indented(lines, 8)}}
        """;

    /// <summary>An AppEngine application that asks these prompts.</summary>
    public static string Prompts(string lines) => Engine($"flow:\n  prompts:\n{Indented(lines, 4)}");

    public static Application Valid(string yaml, ManifestOptions? options = null)
    {
        var result = Parse(yaml, options);
        Assert.False(result.HasErrors, string.Join('\n', result.Diagnostics));
        return Assert.Single(result.Applications);
    }

    public static AppEngineSpec EngineOf(string lines)
    {
        var spec = EditionSpec.Read(Valid(Engine(lines)).Editions[0].Spec, "sample");
        Assert.False(spec.HasErrors, string.Join('\n', spec.Diagnostics));
        return spec.Value!.Provisioner.AppEngine!;
    }

    public static Flow FlowOf(string prompts) => EngineOf($"flow:\n  prompts:\n{Indented(prompts, 4)}").Flow;

    public static string Canonical(string yaml) => Encoding.UTF8.GetString(Valid(yaml).Canonical.Span);

    private static string Indented(string lines, int spaces) => string.Join('\n', lines.ReplaceLineEndings("\n").Split('\n').Select(l => l.Length == 0 ? l : new string(' ', spaces) + l));
}
