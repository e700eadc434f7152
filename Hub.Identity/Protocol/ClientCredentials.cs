using System.Text;
using Microsoft.Extensions.Primitives;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>How a request says which client it is from (RFC 6749 §2.3, RFC 7521 §4.2): by <c>client_id</c> alone, with an assertion, or with a secret.</summary>
/// <param name="Assertion">Null without one.</param>
/// <param name="Secret">Null without one. With neither, the client only names itself, which only public clients may.</param>
internal sealed record PresentedClient(string ClientId, CompactJws? Assertion = null, string? Secret = null);

/// <summary>Reads it. At most one method may be used; secrets come in the Authorization header and nowhere else.</summary>
internal static class ClientCredentials
{
    private const int MaxSecretLength = 256;

    /// <param name="authorization">The values of the Authorization header.</param>
    public static (PresentedClient? Client, OAuthError? Error) Read(OAuthParameters form, StringValues authorization)
    {
        var (assertion, type) = (form["client_assertion"], form["client_assertion_type"]);
        var methods = authorization.Count + (form["client_secret"] is null ? 0 : 1) + (assertion is null && type is null ? 0 : 1);
        if (methods > 1)
            return (null, OAuthError.InvalidRequest("Use one method of client authentication, not more (RFC 6749 section 2.3)."));
        if (authorization.Count > 0)
            return ReadBasic(authorization.ToString(), form["client_id"]);
        if (form["client_secret"] is not null)
            return (null, OAuthError.InvalidClient("A secret belongs into the Authorization header (client_secret_basic), not into the body."));
        if (assertion is null && type is null)
            return form["client_id"] is { } id ? Named(new(id)) : (null, OAuthError.InvalidClient("Say who you are: client_id is missing."));
        return assertion is null || type is null
            ? (null, OAuthError.InvalidRequest("client_assertion and client_assertion_type belong together (RFC 7521 section 4.2)."))
            : ReadAssertion(assertion, type, form["client_id"]);
    }

    private static (PresentedClient?, OAuthError?) ReadAssertion(string assertion, string type, string? clientId)
    {
        if (type != ClientAssertion.Type)
            return (null, OAuthError.InvalidClient("The client_assertion_type is not supported; it must be the one of RFC 7523."));
        if (CompactJws.TryParse(assertion) is not { } jws || ClientAssertion.ReadClientId(jws) is not { } subject)
            return (null, OAuthError.InvalidClient("The client_assertion is not a JWT with a sub."));
        return clientId is not null && clientId != subject
            ? (null, OAuthError.InvalidRequest("The assertion is for another client than client_id (RFC 7521 section 4.2)."))
            : Named(new(subject, Assertion: jws));
    }

    /// <summary>RFC 6749 §2.3.1: identifier and secret are each form-encoded, then joined by a colon and put into base64.</summary>
    private static (PresentedClient?, OAuthError?) ReadBasic(string authorization, string? clientId)
    {
        if (DecodeBasic(authorization) is not var (id, secret))
            return (null, OAuthError.InvalidClient("The Authorization header is not 'Basic' with the form-encoded client_id and secret (RFC 6749 section 2.3.1)."));
        return clientId is not null && clientId != id
            ? (null, OAuthError.InvalidRequest("The client of the Authorization header is not the one in client_id."))
            : Named(new(id, Secret: secret));
    }

    private static (string Id, string Secret)? DecodeBasic(string authorization)
    {
        const string scheme = "Basic ";
        if (!authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[scheme.Length..].Trim(), bytes, out var length) || DecodeUtf8(bytes.AsSpan(0, length)) is not { } text)
            return null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && DecodeForm(text[..colon]) is { } id && DecodeForm(text[(colon + 1)..]) is { Length: > 0 and <= MaxSecretLength } secret ? (id, secret) : null;
    }

    private static string? DecodeUtf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? DecodeForm(string text)
    {
        for (var i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                return null;
        return Uri.UnescapeDataString(text.Replace('+', ' '));
    }

    private static (PresentedClient?, OAuthError?) Named(PresentedClient client) => client.ClientId.Length <= Client.MaxIdLength && Scopes.IsVisibleText(client.ClientId)
        ? (client, null)
        : (null, ClientAuthentication.Failed);
}
