using System.Runtime.CompilerServices;

namespace CodeZero.AppManifest.Tests;

/// <summary>
/// Manifests that real publishers wrote. They are no part of the repository: <c>CODEZERO_CORPUS</c> says where they are, else <c>../shared/corpus</c> beside it.
/// </summary>
internal static class Corpus
{
    public static string? Directory { get; } = Find();

    /// <summary>Every main manifest.</summary>
    public static IReadOnlyList<string> Manifests { get; } = Directory is null ? [] :
        [.. System.IO.Directory.EnumerateFiles(Directory, "*.y*ml", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) is "c6o.yaml" or "c6o.yml" or "app.yaml").Order(StringComparer.Ordinal)];

    /// <summary>Files that hold one edition each.</summary>
    public static IReadOnlyList<string> EditionFiles { get; } = Directory is null ? [] :
        [.. System.IO.Directory.EnumerateFiles(Directory, "edition*.y*ml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string? Find([CallerFilePath] string source = "")
    {
        if (Environment.GetEnvironmentVariable("CODEZERO_CORPUS") is { Length: > 0 } named)
            return named;
        for (var directory = new FileInfo(source).Directory; directory is not null; directory = directory.Parent)
            if (Path.Combine(directory.FullName, "shared", "corpus") is var path && System.IO.Directory.Exists(path))
                return path;
        return null;
    }
}

/// <summary>A test that needs the corpus; skipped, saying so, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CorpusFactAttribute : FactAttribute
{
    public CorpusFactAttribute()
    {
        if (Corpus.Directory is null)
            Skip = "No corpus of real manifests: set CODEZERO_CORPUS to its directory, or put it beside the repository as shared/corpus.";
    }
}
