using System.Collections.Immutable;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Scopes (RFC 6749 §3.3).</summary>
internal static class Scopes
{
    public const string OpenId = "openid";
    public const string OfflineAccess = "offline_access";

    /// <summary>The person's e-mail address at userinfo (OpenID Connect Core §5.4).</summary>
    public const string Email = "email";

    /// <summary>The Hub's API as the person may use it.</summary>
    public const string Hub = "hub";

    public const int MaxLength = 300;

    /// <summary>The scopes that act for a person.</summary>
    public static readonly IReadOnlyList<string> Supported = [OpenId, OfflineAccess, Email, Hub];

    /// <summary>The scopes of a parameter, each once, in the order asked; null when it breaks the grammar: <c>1*( %x21 / %x23-5B / %x5D-7E )</c>, one space between.</summary>
    public static ImmutableArray<string>? Parse(string text)
    {
        if (text.Length is 0 or > MaxLength)
            return null;
        var tokens = text.Split(' ');
        return tokens.All(token => token.Length > 0 && token.All(character => character is '!' or (>= '#' and <= '[') or (>= ']' and <= '~')))
            ? [.. tokens.Distinct(StringComparer.Ordinal)]
            : null;
    }

    /// <summary>Only VSCHAR (RFC 6749 appendix A): printable ASCII, space included.</summary>
    public static bool IsVisibleText(string text) => text.All(character => character is >= ' ' and <= '~');
}
