using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Cli.Session;

/// <summary>The authorization server's answer to a sign-in (RFC 6749 §4.1.2).</summary>
internal sealed record AuthorizationResponse(string? Code, string? Error, string? ErrorDescription)
{
    /// <summary>
    /// What a request that came to the loopback address is worth: an answer only with our path, our <c>state</c>, and the right <c>iss</c> (RFC 9207 §2.4).
    /// Whatever else comes is answered and not believed.
    /// </summary>
    /// <param name="target">The request line's target, such as <c>/callback?code=…</c>.</param>
    /// <returns>Status and sentence for the page; the response when it is one.</returns>
    public static (int Status, string Text, AuthorizationResponse? Response) Judge(string target, Uri redirectUri, string state, string issuer)
    {
        if (!Uri.TryCreate(redirectUri.GetLeftPart(UriPartial.Authority) + target, UriKind.Absolute, out var address)
            || address.Authority != redirectUri.Authority || address.AbsolutePath != redirectUri.AbsolutePath)
            return (404, "There is nothing here.", null);
        var parameters = Parse(address.Query);
        if (parameters is null || !Equal(parameters.GetValueOrDefault("state"), state))
            return (400, "This answer does not belong to the sign-in that czctl waits for. Start again with: czctl login", null);
        if (!Equal(parameters.GetValueOrDefault("iss"), issuer))
            return (400, "This answer is not from the Hub that czctl asked. Start again with: czctl login", null);
        var response = new AuthorizationResponse(parameters.GetValueOrDefault("code"), parameters.GetValueOrDefault("error"), parameters.GetValueOrDefault("error_description"));
        return (200, response is { Code.Length: > 0, Error: null }
            ? "You are signed in. Close this page and go back to the terminal."
            : "You are not signed in. Close this page and go back to the terminal.", response);
    }

    /// <summary>The query's parameters; null when one stands twice, which no honest answer does (RFC 6749 §3.1).</summary>
    private static Dictionary<string, string>? Parse(string query)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (!parameters.TryAdd(Decode(at < 0 ? pair : pair[..at]), at < 0 ? "" : Decode(pair[(at + 1)..])))
                return null;
        }
        return parameters;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static bool Equal(string? given, string expected) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
