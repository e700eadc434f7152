namespace CodeZero.AppManifest.Reading;

/// <summary>"Did you mean": the known name fewest edits away from a written one.</summary>
internal static class Nearest
{
    private const int LongestName = 64;

    /// <summary>The nearest name when it is near enough to be meant (a third of its letters, at most three edits), else nothing.</summary>
    public static string? To(string written, IEnumerable<string> known)
    {
        if (written.Length is 0 or > LongestName)
            return null;
        var best = known
            .Select(name => (name, edits: string.Equals(name, written, StringComparison.OrdinalIgnoreCase) ? 0 : Edits(written, name)))
            .OrderBy(x => x.edits).ThenBy(x => x.name, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.name is not null && best.edits <= Math.Min(3, Math.Max(1, best.name.Length / 3)) ? best.name : null;
    }

    public static string Question(string? nearest) => nearest is null ? "" : $" Did you mean `{nearest}`?";

    /// <summary>Optimal string alignment distance: insertions, deletions, substitutions, and swapped neighbours.</summary>
    private static int Edits(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        return rows[a.Length, b.Length];
    }
}
