using System.Text;

namespace CodeZero.AppManifest;

/// <summary>
/// The tokens in configuration values that stand for the App's public address. Each occurrence is replaced; <c>$$PUBLIC_…</c> is a plain <c>$PUBLIC_…</c>.
/// </summary>
public static class PublicAddress
{
    public const string FqdnToken = "$PUBLIC_FQDN";
    public const string UrlToken = "$PUBLIC_URL";

    /// <summary>Whether a text has a token that <see cref="Replace"/> would replace.</summary>
    public static bool IsIn(string text)
    {
        var found = false;
        Walk(text, (_, isToken) => found |= isToken);
        return found;
    }

    /// <summary>The text with the tokens replaced by the public host name, and by <c>https://</c> and that name.</summary>
    public static string Replace(string text, string fqdn)
    {
        var output = new StringBuilder(text.Length);
        Walk(text, (part, isToken) => output.Append(!isToken ? part : part == FqdnToken ? fqdn : "https://" + fqdn));
        return output.ToString();
    }

    private static void Walk(string text, Action<string, bool> part)
    {
        var done = 0;
        for (var at = text.IndexOf('$', StringComparison.Ordinal); at >= 0; at = at + 1 < text.Length ? text.IndexOf('$', at + 1) : -1)
        {
            var escaped = at + 1 < text.Length && text[at + 1] == '$';
            var token = TokenAt(text, escaped ? at + 1 : at);
            if (token is null)
                continue;
            part(text[done..at], false);
            part(token, !escaped);
            at += token.Length - (escaped ? 0 : 1);
            done = at + 1;
        }
        part(text[done..], false);
    }

    private static string? TokenAt(string text, int at) =>
        string.CompareOrdinal(text, at, FqdnToken, 0, FqdnToken.Length) == 0 ? FqdnToken
        : string.CompareOrdinal(text, at, UrlToken, 0, UrlToken.Length) == 0 ? UrlToken
        : null;
}
