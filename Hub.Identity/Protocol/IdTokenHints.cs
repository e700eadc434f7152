using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>ID tokens that come back as a hint (OpenID Connect Core §3.1.2.1): of this issuer, for this client; expired ones too.</summary>
internal sealed class IdTokenHints(SigningKeys keys, IOptions<HubIdentityOptions> options)
{
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = CompactJws.MaxLength };

    /// <summary>Whom it names; null when it is no ID token of ours for this client.</summary>
    public async Task<Guid?> FindSubjectAsync(string hint, string clientId, CancellationToken ct)
    {
        var result = await _handler.ValidateTokenAsync(hint, new TokenValidationParameters
        {
            ValidIssuer = options.Value.Issuer,
            ValidAudience = clientId,
            ValidTypes = ["JWT"],
            ValidAlgorithms = SigningAlgorithms.All,
            IssuerSigningKeys = await keys.GetPublishedAsync(ct),
            ValidateLifetime = false,
        });
        return result.IsValid && Guid.TryParse(((JsonWebToken)result.SecurityToken).Subject, out var subject) ? subject : null;
    }
}
