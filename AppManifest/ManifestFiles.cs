using System.Text;

namespace CodeZero.AppManifest;

/// <summary>
/// A manifest and the files it may refer to: edition files, texts and artwork. References are relative to the manifest's directory and never leave it.
/// </summary>
public sealed class ManifestFiles
{
    /// <summary>The largest file a reference may name, in bytes.</summary>
    public const int LargestFileBytes = 512 * 1024;

    private static readonly string[] s_names = ["c6o.yaml", "c6o.yml", "c6o/app.yaml"];
    private readonly Func<string, FileLookup> _find;
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _referenced = new(StringComparer.Ordinal);

    private ManifestFiles(string directory, string name, ReadOnlyMemory<byte> manifest, IReadOnlyList<string> others, Func<string, FileLookup> find) =>
        (Directory, Name, Manifest, Others, _find) = (directory, name, manifest, others, find);

    /// <summary>Where the files are, seen from the working directory as whoever opened them does; empty for that directory itself, and for files that were sent.</summary>
    public string Directory { get; }

    /// <summary>The manifest's file name, for messages.</summary>
    public string Name { get; }

    public ReadOnlyMemory<byte> Manifest { get; }

    /// <summary>The files that were asked for and found so far: after parsing, all that must go along with the manifest for somebody else to read the same.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Referenced => _referenced;

    /// <summary>Edition files that lie beside the manifest, whether it refers to them or not.</summary>
    internal IReadOnlyList<string> Others { get; }

    /// <summary>Files that were sent.</summary>
    /// <param name="others">Relative path with forward slashes → content.</param>
    public static ManifestFiles InMemory(string name, ReadOnlyMemory<byte> manifest, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? others = null)
    {
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (path, content) in others ?? new Dictionary<string, ReadOnlyMemory<byte>>())
            if (Relative(path) is { } relative)
                files[relative] = content;
        return new("", name, manifest, [.. files.Keys.Where(IsEditionFile).Order(StringComparer.Ordinal)], path =>
            !files.TryGetValue(path, out var content) ? new(FileOutcome.Missing)
            : content.Length > LargestFileBytes ? new(FileOutcome.TooLarge)
            : new(FileOutcome.Found, content));
    }

    /// <summary>One manifest text without further files.</summary>
    public static ManifestFiles FromText(string yaml, string name = "c6o.yaml") => InMemory(name, Encoding.UTF8.GetBytes(yaml));

    /// <summary>A file, or a directory with <c>c6o.yaml</c>, <c>c6o.yml</c> or <c>c6o/app.yaml</c> in it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or no manifest in the directory.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ManifestFiles Open(string path)
    {
        var file = System.IO.Directory.Exists(path) ? s_names.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) : path;
        if (file is null)
            throw new FileNotFoundException($"There is no manifest in {path}: expected {string.Join(", ", s_names)}.", path);
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no manifest {file}.", file);
        var directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var name = Path.GetFileName(file);
        var others = System.IO.Directory.EnumerateFiles(directory).Select(f => Path.GetFileName(f)).Where(IsEditionFile).Order(StringComparer.Ordinal);
        return new(Path.GetDirectoryName(file) is { } written and not "." ? written : "", name, ReadUpTo(file, LargestFileBytes + 1), [.. others], reference => Read(directory, reference));
    }

    /// <summary>Reads a referenced file: an <see cref="Asset"/> of a parsed application, for example.</summary>
    public bool TryRead(string reference, out ReadOnlyMemory<byte> content)
    {
        var found = Find(reference);
        content = found.Content;
        return found.Outcome == FileOutcome.Found;
    }

    internal FileLookup Find(string reference)
    {
        if (Relative(reference) is not { } relative)
            return new(FileOutcome.Outside);
        var found = _find(relative);
        if (found.Outcome == FileOutcome.Found)
            _referenced[relative] = found.Content;
        return found;
    }

    /// <summary>The reference in its one form (<c>./a/b</c> → <c>a/b</c>), or nothing when it is not a path below the directory.</summary>
    internal static string? Relative(string reference)
    {
        if (reference.Length is 0 or > 500 || reference.StartsWith('/') || reference.Contains('\\', StringComparison.Ordinal)
            || reference.Contains(':', StringComparison.Ordinal) || reference.Any(char.IsControl))
            return null;
        var segments = reference.Split('/').Where(s => s != ".").ToList();
        return segments.Count == 0 || segments.Any(s => s is "" or "..") ? null : string.Join('/', segments);
    }

    private static bool IsEditionFile(string name) =>
        name.StartsWith("edition", StringComparison.Ordinal) && (name.EndsWith(".yaml", StringComparison.Ordinal) || name.EndsWith(".yml", StringComparison.Ordinal));

    /// <summary>A link below the directory could lead out of it, so none is followed.</summary>
    private static FileLookup Read(string directory, string reference)
    {
        var current = directory;
        foreach (var segment in reference.Split('/'))
        {
            current = Path.Combine(current, segment);
            if (new FileInfo(current).LinkTarget is not null)
                return new(FileOutcome.Outside);
        }
        if (!File.Exists(current))
            return new(FileOutcome.Missing);
        var content = ReadUpTo(current, LargestFileBytes + 1);
        return content.Length > LargestFileBytes ? new(FileOutcome.TooLarge) : new(FileOutcome.Found, content);
    }

    private static byte[] ReadUpTo(string file, int bytes)
    {
        using var stream = File.OpenRead(file);
        var buffer = new byte[Math.Min(bytes, stream.Length)];
        return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
    }
}

internal enum FileOutcome { Found, Missing, Outside, TooLarge }

internal readonly record struct FileLookup(FileOutcome Outcome, ReadOnlyMemory<byte> Content = default)
{
    /// <summary>What is wrong with a reference that was not found.</summary>
    public string Problem => Outcome switch
    {
        FileOutcome.Missing => "was not found. Put it beside the manifest, and send it along",
        FileOutcome.TooLarge => "is larger than 512 KiB. Make it smaller",
        _ => "leads out of the manifest's directory or through a link. Refer to a file in that directory",
    };
}
