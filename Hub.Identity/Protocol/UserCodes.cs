using System.Security.Cryptography;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// What a person reads on a device and types elsewhere (RFC 8628 §6.1): eight of twenty letters, without vowels, so that they make no words, and without those that look alike.
/// That is 20^8, or 34 bits, for ten minutes and the tries that <see cref="UserCodeThrottle"/> lets through.
/// </summary>
internal static class UserCodes
{
    private const int Length = 8;
    private const string Alphabet = "BCDFGHJKLMNPQRSTVWXZ";

    public static string New() => RandomNumberGenerator.GetString(Alphabet, Length);

    /// <summary>As people see it: <c>WDJB-MJHT</c>.</summary>
    public static string Show(string userCode) => $"{userCode[..(Length / 2)]}-{userCode[(Length / 2)..]}";

    /// <summary>The code that was typed, however its letters are written and whatever stands between them; null when it can be none.</summary>
    public static string? Read(string? typed)
    {
        const int longest = 4 * Length;
        if (typed is null or { Length: > longest })
            return null;
        var code = string.Concat(typed.Where(char.IsLetterOrDigit)).ToUpperInvariant();
        return code.Length == Length && code.All(Alphabet.Contains) ? code : null;
    }
}
