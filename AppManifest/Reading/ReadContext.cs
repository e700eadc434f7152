using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>One reading: what is allowed, and what was found so far.</summary>
/// <param name="fromCanonical">Canonical JSON was validated when it was made: it is read with a platform's rights, and its unknown keys are a newer writer's.</param>
internal sealed class ReadContext(ManifestOptions options, bool fromCanonical = false)
{
    private const int MostSuggestions = 100;
    private readonly List<Diagnostic> _diagnostics = [];
    private int _suggestions;

    public ManifestOptions Options { get; } = options;

    public bool FromCanonical { get; } = fromCanonical;

    public bool IsPlatform => Options.PlatformPublisher || FromCanonical;

    public IReadOnlyList<Diagnostic> Diagnostics => _diagnostics;

    /// <summary>Errors so far that refuse the application.</summary>
    public int Fatal { get; private set; }

    public void Error(string code, string message, YamlMark at, string path, string? suggestion = null)
    {
        Fatal++;
        Add(Severity.Error, code, message, at, path, suggestion);
    }

    /// <summary>An error that importing reports, but repairs.</summary>
    public void RepairableError(string code, string message, YamlMark at, string path)
    {
        if (!Options.Importer)
            Fatal++;
        Add(Severity.Error, code, message, at, path, null);
    }

    public void Warning(string code, string message, YamlMark at, string path, string? suggestion = null) =>
        Add(Severity.Warning, code, message, at, path, suggestion);

    public void Note(string code, string message, YamlMark at, string path) => Add(Severity.Note, code, message, at, path, null);

    /// <summary>The known name that was probably meant. Only so many are looked for: a file full of nonsense is not worth the time.</summary>
    public string? Suggest(string written, IEnumerable<string> known) => _suggestions++ < MostSuggestions ? Nearest.To(written, known) : null;

    /// <summary>What the YAML reader found.</summary>
    public void AddRange(IEnumerable<Diagnostic> found)
    {
        foreach (var diagnostic in found)
        {
            if (diagnostic.Severity == Severity.Error)
                Fatal++;
            _diagnostics.Add(diagnostic);
        }
    }

    private void Add(Severity severity, string code, string message, YamlMark at, string path, string? suggestion) =>
        _diagnostics.Add(new(severity, code, message, at.File ?? "", at.Line, at.Column, path, suggestion));
}

/// <summary>What becomes of keys that a reader did not ask for.</summary>
internal enum UnknownKeys
{
    /// <summary>A typing mistake: refuse.</summary>
    Refuse,

    /// <summary>Pass it on with a warning; refuse when strict.</summary>
    Warn,

    /// <summary>Belongs to somebody else: pass it on.</summary>
    Keep,
}
