using System.Text;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>How a token request says who it is (RFC 6749 §2.3, RFC 7521 §4.2): by <c>client_id</c> alone, or with an assertion.</summary>
/// <param name="Assertion">Null for a client that only names itself, which only public clients may.</param>
internal sealed record PresentedClient(string ClientId, CompactJws? Assertion);

/// <summary>Reads it. Client secrets do not exist here, in no form; at most one method may be used.</summary>
internal static class ClientCredentials
{
    private const string UseAssertion = "Clients authenticate by private_key_jwt, or are public and send client_id alone; client secrets are not used here.";

    /// <param name="authorization">The Authorization header, or null.</param>
    public static (PresentedClient? Client, OAuthError? Error) Read(OAuthParameters form, string? authorization)
    {
        var assertion = form["client_assertion"];
        var type = form["client_assertion_type"];
        var methods = (string.IsNullOrEmpty(authorization) ? 0 : 1) + (form["client_secret"] is null ? 0 : 1) + (assertion is null && type is null ? 0 : 1);
        if (methods > 1)
            return (null, OAuthError.InvalidRequest("Use one method of client authentication, not more (RFC 6749 §2.3)."));
        if (!string.IsNullOrEmpty(authorization))
            return (null, ContradictsBody(authorization, form["client_id"])
                ? OAuthError.InvalidRequest("The client of the Authorization header is not the one in client_id.")
                : OAuthError.InvalidClient(UseAssertion));
        if (form["client_secret"] is not null)
            return (null, OAuthError.InvalidClient(UseAssertion));
        if (assertion is null && type is null)
            return form["client_id"] is { } id ? Named(id, null) : (null, OAuthError.InvalidClient("Say who you are: client_id is missing."));
        if (assertion is null || type is null)
            return (null, OAuthError.InvalidRequest("client_assertion and client_assertion_type belong together (RFC 7521 §4.2)."));
        if (type != ClientAssertion.Type)
            return (null, OAuthError.InvalidClient("The client_assertion_type is not supported; it must be the one of RFC 7523."));
        if (CompactJws.TryParse(assertion) is not { } jws || ClientAssertion.ReadClientId(jws) is not { } subject)
            return (null, OAuthError.InvalidClient("The client_assertion is not a JWT with a sub."));
        if (form["client_id"] is { } named && named != subject)
            return (null, OAuthError.InvalidRequest("The assertion is for another client than client_id (RFC 7521 §4.2)."));
        return Named(subject, jws);
    }

    private static (PresentedClient?, OAuthError?) Named(string id, CompactJws? assertion) => id.Length <= Client.MaxIdLength && Scopes.IsVisibleText(id)
        ? (new(id, assertion), null)
        : (null, OAuthError.InvalidClient("There is no such client, or its authentication failed."));

    private static bool ContradictsBody(string authorization, string? clientId)
    {
        if (clientId is null || !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return false;
        var decoded = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[6..].Trim(), decoded, out var length))
            return false;
        var text = Encoding.UTF8.GetString(decoded, 0, length);
        return text.Contains(':', StringComparison.Ordinal) && Uri.UnescapeDataString(text[..text.IndexOf(':', StringComparison.Ordinal)]) != clientId;
    }
}
