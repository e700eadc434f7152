using System.Globalization;
using System.Text;

namespace CodeZero.Hub.Registry.Domain;

/// <summary>A version by Semantic Versioning 2.0.0: numbers of at most 18 digits, at most 128 characters in all.</summary>
internal sealed record SemVersion
{
    public const int MaxLength = 128;
    private const int MaxDigits = 18;

    private readonly long[] _core;
    private readonly string[] _prerelease;

    private SemVersion(string text, long[] core, string[] prerelease) => (Text, _core, _prerelease) = (text, core, prerelease);

    /// <summary>The first version that is given where a publisher gives none.</summary>
    public static SemVersion First { get; } = new("1.0.0", [1, 0, 0], []);

    /// <summary>As written, build metadata included.</summary>
    public string Text { get; }

    public bool IsPrerelease => _prerelease.Length > 0;

    /// <summary>
    /// A text whose order by code units is precedence (SemVer §11), so that the database can sort. Build metadata has no part in it (§10).
    /// A number is written after its count of digits; a space ends an identifier, being below every character of one; a tilde, above them all, puts the release last.
    /// </summary>
    public string Precedence
    {
        get
        {
            var key = new StringBuilder(64);
            foreach (var number in _core)
                key.Append(Sortable(number.ToString(CultureInfo.InvariantCulture)));
            if (!IsPrerelease)
                return key.Append('~').ToString();
            foreach (var identifier in _prerelease)
                key.Append(' ').Append(IsNumber(identifier) ? "0" + Sortable(identifier) : "1" + identifier);
            return key.ToString();
        }
    }

    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SemVersion? version)
    {
        version = null;
        if (text is null || text.Length > MaxLength)
            return false;
        var plus = text.IndexOf('+', StringComparison.Ordinal);
        if (plus >= 0 && !text[(plus + 1)..].Split('.').All(IsIdentifier))
            return false;
        var rest = plus < 0 ? text : text[..plus];
        var dash = rest.IndexOf('-', StringComparison.Ordinal);
        string[] prerelease = dash < 0 ? [] : rest[(dash + 1)..].Split('.');
        if (!prerelease.All(identifier => IsIdentifier(identifier) && (!IsNumber(identifier) || IsPlainNumber(identifier))))
            return false;
        var core = (dash < 0 ? rest : rest[..dash]).Split('.');
        if (core.Length != 3 || !core.All(IsPlainNumber))
            return false;
        version = new(text, [.. core.Select(number => long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture))], prerelease);
        return true;
    }

    /// <summary>The next version above this one: the release of a pre-release, else one patch more.</summary>
    public SemVersion Next()
    {
        long[] core = IsPrerelease ? _core : [_core[0], _core[1], _core[2] + 1];
        return new(string.Create(CultureInfo.InvariantCulture, $"{core[0]}.{core[1]}.{core[2]}"), core, []);
    }

    public override string ToString() => Text;

    private static string Sortable(string digits) => string.Create(CultureInfo.InvariantCulture, $"{digits.Length:00}{digits}");

    private static bool IsIdentifier(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsNumber(string text) => text.All(char.IsAsciiDigit);

    private static bool IsPlainNumber(string text) => text.Length is > 0 and <= MaxDigits && IsNumber(text) && (text.Length == 1 || text[0] != '0');
}
