using System.Globalization;
using System.Text;

namespace CodeZero.Hub.Client;

internal static class Address
{
    /// <summary>A relative address from a pattern and its parts, each escaped: whatever a person types stays within its segment.</summary>
    public static string Of(FormattableString pattern)
    {
        var parts = pattern.GetArguments().Select(part => (object)Escape(part?.ToString() ?? "")).ToArray();
        return string.Format(CultureInfo.InvariantCulture, pattern.Format, parts);
    }

    /// <summary>
    /// What may stand in a segment stands as it is (RFC 3986 §3.3 <c>pchar</c>), so that the address in a DPoP proof is the one the Hub sees. Dot segments would be
    /// resolved away on the client, so their dots are written as escapes of escapes, which the Hub then does not find.
    /// </summary>
    private static string Escape(string part)
    {
        if (part is "." or "..")
            return part.Replace(".", "%252E", StringComparison.Ordinal);
        var escaped = new StringBuilder(part.Length);
        foreach (var rune in part.EnumerateRunes())
            if (rune.IsAscii && "!$&'()*+,;=:@".Contains((char)rune.Value, StringComparison.Ordinal))
                escaped.Append((char)rune.Value);
            else
                escaped.Append(Uri.EscapeDataString(rune.ToString()));
        return escaped.ToString();
    }
}
