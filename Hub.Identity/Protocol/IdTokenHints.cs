using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Whom an ID token that came back names, for which client, in which session.</summary>
internal sealed record IdTokenHint(Guid Subject, string ClientId, Guid? SessionId);

/// <summary>ID tokens that come back as a hint (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2): of this issuer, expired ones too.</summary>
internal sealed class IdTokenHints(SigningKeys keys, IOptions<HubIdentityOptions> options)
{
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = CompactJws.MaxLength };

    /// <summary>Null when it is no ID token of ours.</summary>
    public async Task<IdTokenHint?> ReadAsync(string hint, CancellationToken ct)
    {
        var result = await _handler.ValidateTokenAsync(hint, new TokenValidationParameters
        {
            ValidIssuer = options.Value.Issuer,
            ValidateAudience = false, // the caller knows for which client it has to be
            ValidTypes = ["JWT"],
            ValidAlgorithms = SigningAlgorithms.All,
            IssuerSigningKeys = await keys.GetPublishedAsync(ct),
            ValidateLifetime = false,
        });
        return result is { IsValid: true, SecurityToken: JsonWebToken token } && Guid.TryParse(token.Subject, out var subject) && token.Audiences.Count() == 1
            ? new(subject, token.Audiences.Single(), token.TryGetPayloadValue<string>("sid", out var sid) && Guid.TryParse(sid, out var session) ? session : null)
            : null;
    }

    /// <summary>The accepted request with whom its hint names; an error when the hint is no ID token for its client.</summary>
    public async Task<(AuthorizationRequest? Request, OAuthError? Error)> ApplyAsync(AuthorizationDecision.Accept accepted, CancellationToken ct)
    {
        if (accepted.IdTokenHint is not { } text)
            return (accepted.Request, null);
        return await ReadAsync(text, ct) is { } hint && hint.ClientId == accepted.Client.Id
            ? (accepted.Request with { SubjectHint = hint.Subject }, null)
            : (null, OAuthError.InvalidRequest("id_token_hint is not an ID token that this issuer made for this client."));
    }
}
