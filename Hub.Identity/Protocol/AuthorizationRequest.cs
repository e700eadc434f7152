using System.Collections.Immutable;
using System.Globalization;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>An authorization request that may be served: every rule that needs no session has been checked.</summary>
/// <param name="Scopes">All of them allowed to the client.</param>
/// <param name="DpopJkt">The thumbprint the code is bound to (RFC 9449 §10).</param>
/// <param name="MaxAgeSeconds">The oldest sign-in accepted.</param>
/// <param name="SubjectHint">Whom the <c>id_token_hint</c> names.</param>
internal sealed record AuthorizationRequest(
    string ClientId, string RedirectUri, ImmutableArray<string> Scopes, string CodeChallenge, string? State = null, string? Nonce = null, string? DpopJkt = null,
    Prompt Prompt = Prompt.Unset, int? MaxAgeSeconds = null, string? LoginHint = null, Guid? SubjectHint = null)
{
    /// <summary>What access tokens may be for (RFC 8707); empty: as the scopes say.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>The slug or id of the one organization that tokens shall be for; null: all of the person's.</summary>
    public string? Organization { get; init; }
}

/// <summary>OpenID Connect Core §3.1.2.1.</summary>
[Flags]
internal enum Prompt
{
    Unset = 0,
    None = 1,
    Login = 2,
    Consent = 4,
}

/// <summary>What becomes of an authorization request.</summary>
internal abstract record AuthorizationDecision
{
    /// <summary>Client or redirect URI cannot be trusted: an error page of our own, and no way back (RFC 6749 §4.1.2.1).</summary>
    public sealed record ShowError(string Reason) : AuthorizationDecision;

    /// <summary>The error goes to the client's own redirect URI.</summary>
    public sealed record SendBack(OAuthError Error, string RedirectUri, string? State) : AuthorizationDecision;

    /// <param name="IdTokenHint">Still to be verified.</param>
    public sealed record Accept(AuthorizationRequest Request, Client Client, string? IdTokenHint) : AuthorizationDecision;
}

/// <summary>The rules of the authorization endpoint, without session or clock.</summary>
internal static class AuthorizationRequests
{
    private const int MaxTextLength = 300;
    private const int MaxStateLength = 1024;
    private const int MaxOrganizationLength = 40;

    /// <param name="client">The client that <c>client_id</c> names; null when there is none.</param>
    /// <param name="pushed">The client brought it itself (RFC 9126), and not a browser.</param>
    public static AuthorizationDecision Decide(OAuthParameters parameters, Client? client, string issuer, bool pushed = false)
    {
        // First of all: who asks, and where an answer may go. Until both are certain, nothing is sent anywhere.
        if (parameters.IsOverlong)
            return new AuthorizationDecision.ShowError("The request has more parameters than any sign-in request.");
        if (client is null)
            return new AuthorizationDecision.ShowError("The application that sent you here is not known (client_id).");
        if (!client.IsEnabled)
            return new AuthorizationDecision.ShowError("The application that sent you here has been disabled.");
        if (parameters["redirect_uri"] is not { } redirectUri || !RedirectUris.Matches(client.RedirectUris, redirectUri))
            return new AuthorizationDecision.ShowError("The application asked for an answer at an address that is not registered for it (redirect_uri).");

        var state = parameters["state"] is { Length: <= MaxStateLength } text && Scopes.IsVisibleText(text) ? text : null;
        var error = client.RequirePar && !pushed ? OAuthError.InvalidRequest("This client has to push its authorization requests (RFC 9126 section 6).") : FindError(parameters, client, issuer);
        return error is not null
            ? new AuthorizationDecision.SendBack(error, redirectUri, state)
            : new AuthorizationDecision.Accept(Read(parameters, client, redirectUri, state), client, parameters["id_token_hint"]);
    }

    private static OAuthError? FindError(OAuthParameters parameters, Client client, string issuer) =>
        FindFormError(parameters) ?? FindResponseError(parameters, client) ?? FindScopeError(parameters, client, issuer) ?? FindPkceError(parameters) ?? FindPromptError(parameters);

    private static OAuthError? FindFormError(OAuthParameters parameters)
    {
        if (parameters.FirstRepeated is not null)
            return OAuthError.InvalidRequest("A parameter comes more than once.");                              // RFC 6749 §3.1
        if (parameters["request"] is not null)
            return new("request_not_supported", "Request objects are not supported.");                         // OpenID Connect Core §6.1
        if (parameters["request_uri"] is not null)
            return new("request_uri_not_supported", "Request objects by reference are not supported.");        // §6.2
        if (parameters["registration"] is not null)
            return new("registration_not_supported", "Registration within a request is not supported.");       // §7.2.1
        if (parameters["state"] is { } state && (state.Length > MaxStateLength || !Scopes.IsVisibleText(state)))
            return OAuthError.InvalidRequest($"state must be printable ASCII of at most {MaxStateLength} characters.");
        if (parameters["nonce"] is { } nonce && (nonce.Length > MaxTextLength || !Scopes.IsVisibleText(nonce)))
            return OAuthError.InvalidRequest($"nonce must be printable ASCII of at most {MaxTextLength} characters.");
        if (parameters["login_hint"] is { } hint && (hint.Length > MaxTextLength || hint.Any(char.IsControl)))
            return OAuthError.InvalidRequest($"login_hint must be text of at most {MaxTextLength} characters.");
        if (parameters["organization"] is { } organization && (organization.Length > MaxOrganizationLength || !Scopes.IsVisibleText(organization)))
            return OAuthError.InvalidRequest("organization must be the slug or id of an organization.");
        return parameters["dpop_jkt"] is { } thumbprint && !Pkce.IsChallenge(thumbprint)
            ? OAuthError.InvalidRequest("dpop_jkt must be the base64url of a SHA-256 thumbprint.")              // RFC 9449 §10
            : null;
    }

    private static OAuthError? FindResponseError(OAuthParameters parameters, Client client) => (parameters["response_type"], parameters["response_mode"]) switch
    {
        (null, _) => OAuthError.InvalidRequest("response_type is missing."),
        (not "code", _) => new("unsupported_response_type", "Only response_type=code is supported."),          // RFC 9700 §2.1.2
        (_, not (null or "query")) => OAuthError.InvalidRequest("Only response_mode=query is supported."),
        _ when !client.Grants.Contains(GrantTypes.AuthorizationCode) => OAuthError.UnauthorizedClient("This client may not use authorization codes."),
        _ => null,
    };

    /// <summary>Why these scopes and resources may not be asked for, by whichever way; null when they may.</summary>
    public static OAuthError? FindScopeError(OAuthParameters parameters, Client client, string issuer)
    {
        if (parameters["scope"] is not { } scope || Scopes.Parse(scope) is not { } scopes)
            return OAuthError.InvalidScope($"scope is missing, longer than {Scopes.MaxLength} characters, or not a list of scopes with single spaces.");
        if (scopes.Any(name => !client.Scopes.Contains(name) || !Scopes.Supported.Contains(name)))
            return OAuthError.InvalidScope("A scope is not known, or not allowed to this client.");
        return Resources.FindError(parameters.Resources, client, issuer);
    }

    private static OAuthError? FindPkceError(OAuthParameters parameters)
    {
        if (parameters["code_challenge"] is not { } challenge || parameters["code_challenge_method"] != Pkce.Method)
            return OAuthError.InvalidRequest("PKCE is required: send code_challenge and code_challenge_method=S256."); // RFC 9700 §2.1.1; no method would mean plain
        return Pkce.IsChallenge(challenge) ? null : OAuthError.InvalidRequest("code_challenge must be 43 base64url characters.");
    }

    private static OAuthError? FindPromptError(OAuthParameters parameters)
    {
        if (ParsePrompt(parameters["prompt"]) is null)
            return OAuthError.InvalidRequest("prompt may be none alone, or login and consent.");
        return parameters["max_age"] is { } age && ParseSeconds(age) is null ? OAuthError.InvalidRequest("max_age must be a whole number of seconds, not negative.") : null;
    }

    private static AuthorizationRequest Read(OAuthParameters parameters, Client client, string redirectUri, string? state) => new(
        client.Id, redirectUri, Scopes.Parse(parameters["scope"]!)!.Value, parameters["code_challenge"]!, state, parameters["nonce"], parameters["dpop_jkt"],
        ParsePrompt(parameters["prompt"])!.Value, parameters["max_age"] is { } age ? ParseSeconds(age) : null, parameters["login_hint"])
    {
        Resources = [.. parameters.Resources],
        Organization = parameters["organization"],
    };

    private static Prompt? ParsePrompt(string? text)
    {
        var prompt = Prompt.Unset;
        foreach (var word in text?.Split(' ') ?? [])
        {
            Prompt? known = word switch { "none" => Prompt.None, "login" => Prompt.Login, "consent" => Prompt.Consent, _ => null };
            if (known is null)
                return null;
            prompt |= known.Value;
        }
        return prompt.HasFlag(Prompt.None) && prompt != Prompt.None ? null : prompt;
    }

    private static int? ParseSeconds(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;
}
