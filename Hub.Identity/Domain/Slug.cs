using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An organization's name in addresses: 2 to 40 lower-case letters, digits and single hyphens, a letter first.</summary>
internal static partial class Slug
{
    public const string Pattern = @"\A[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}\z";
    public const int MaxLength = 40;

    /// <summary>Words that would read as something of the Hub's own, in an address or as a publisher's name.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "admin", "agent", "api", "apps", "assets", "billing", "codezero", "connect", "consent", "docs", "healthz", "hub", "login", "me", "official", "openapi",
        "orgs", "readyz", "registry", "root", "security", "signin", "signout", "signup", "support", "system", "v1", "webhooks", "well-known",
    };

    /// <summary>Whether the text is a slug somebody may have. What reads as an id is none: routes take both.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text) && !Reserved.Contains(text) && !Guid.TryParse(text, out _);

    /// <summary>The nearest slug to a name: <c>Müller &amp; Söhne GmbH</c> → <c>muller-sohne-gmbh</c>. Always valid.</summary>
    public static string Derive(string name)
    {
        var slug = new StringBuilder();
        foreach (var character in name.ToLowerInvariant())
        {
            var plain = ToAscii(character);
            if (plain.Length > 0)
                slug.Append(plain);
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }
        var text = Cut(slug.ToString().Trim('-'), MaxLength);
        return IsValid(text) ? text : Cut(text.Length == 0 ? "org-1" : $"org-{text}", MaxLength);
    }

    /// <summary>The n-th try for a slug that is taken: the first is the slug itself, then <c>-2</c>, <c>-3</c>.</summary>
    public static string WithSuffix(string slug, int attempt)
    {
        if (attempt <= 1)
            return slug;
        var suffix = string.Create(CultureInfo.InvariantCulture, $"-{attempt}");
        return Cut(slug, MaxLength - suffix.Length) + suffix;
    }

    /// <summary>Latin letters without their marks. A table, because the process runs without the culture data that could take letters apart.</summary>
    private static string ToAscii(char character)
    {
        const string marked = "àáâãäåāăąçćĉċčďđèéêëēĕėęěĝğġģĥħìíîïĩīĭįıĵķĺļľłñńņňòóôõöøōŏőŕŗřśŝşšșţťŧțùúûüũūŭůűųŵýÿŷźżž";
        const string plain = "aaaaaaaaacccccddeeeeeeeeegggghhiiiiiiiiijkllllnnnnooooooooorrrsssssttttuuuuuuuuuuwyyyzzz";
        if (char.IsAsciiLetterOrDigit(character))
            return character.ToString();
        var index = marked.IndexOf(character, StringComparison.Ordinal);
        return index >= 0 ? plain[index].ToString() : character switch { 'ß' => "ss", 'æ' => "ae", 'œ' => "oe", 'þ' => "th", _ => "" };
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length].TrimEnd('-');

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
