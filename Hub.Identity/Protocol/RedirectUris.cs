namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Redirect URIs are compared character by character (RFC 9700 §2.1); only a loopback address may vary, in its port alone (RFC 8252 §7.3).</summary>
internal static class RedirectUris
{
    public const int MaxLength = 400;

    private static readonly string[] Loopback = ["http://127.0.0.1", "http://[::1]"];

    /// <summary>Whether an answer may go there.</summary>
    public static bool Matches(IEnumerable<string> registered, string requested) =>
        requested.Length <= MaxLength && registered.Any(uri => string.Equals(uri, requested, StringComparison.Ordinal) || MatchesButForPort(uri, requested));

    /// <summary>Why an address cannot be registered, as the end of a sentence; null when it can.</summary>
    public static string? FindFault(string uri)
    {
        if (uri.Length > MaxLength)
            return $"is longer than {MaxLength} characters";
        if (uri.AsSpan().ContainsAnyExceptInRange('!', '~') || !Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || !uri.StartsWith(parsed.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal))
            return "is not an absolute address in its normal spelling";
        if (parsed.Fragment.Length > 0 || uri.EndsWith('#') || parsed.UserInfo.Length > 0)
            return "has a fragment or a user, which redirect URIs must not have (RFC 6749 §3.1.2)";
        if (parsed.Query.Contains("iss=", StringComparison.Ordinal))
            return "has the parameter iss, which answers carry (RFC 9207 §2)";
        return parsed.Scheme == Uri.UriSchemeHttps || Loopback.Any(address => uri.StartsWith(address + "/", StringComparison.Ordinal))
            ? null
            : "must be https, or http://127.0.0.1/… or http://[::1]/… without a port";
    }

    private static bool MatchesButForPort(string registered, string requested)
    {
        var address = Array.Find(Loopback, address => registered.StartsWith(address + "/", StringComparison.Ordinal));
        if (address is null || !requested.StartsWith(address + ":", StringComparison.Ordinal))
            return false;
        var rest = requested.AsSpan(address.Length + 1);
        var digits = rest.IndexOf('/');
        return digits is >= 1 and <= 5 && rest[0] != '0' && !rest[..digits].ContainsAnyExceptInRange('0', '9') && int.Parse(rest[..digits], provider: null) <= 65535
            && rest[digits..].SequenceEqual(registered.AsSpan(address.Length));
    }
}
