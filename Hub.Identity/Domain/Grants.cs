using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// What a person once allowed a client to have, and the family of all codes and tokens that came of it. Revoking it ends them together.
/// </summary>
internal sealed class Grant(
    Guid id, Guid userId, string clientId, string[] scopes, Guid sessionId, string securityStamp, string[] amr, DateTimeOffset authenticatedAt, DateTimeOffset createdAt, DateTimeOffset expiresAt,
    string[] resources, Guid? clientOwner, Guid? limitedTo)
{
    public Guid Id { get; private set; } = id;
    public Guid UserId { get; private set; } = userId;
    public string ClientId { get; private set; } = clientId;
    public string[] Scopes { get; private set; } = scopes;

    /// <summary>The sign-in it began in. Codes die with it; refresh tokens (<c>offline_access</c>) outlive it.</summary>
    public Guid SessionId { get; private set; } = sessionId;

    /// <summary>The account's stamp at the beginning: a changed password ends the grant.</summary>
    public string SecurityStamp { get; private set; } = securityStamp;

    /// <summary>How the person proved who they are in that sign-in: <see cref="AuthenticationMethods"/>.</summary>
    public string[] Amr { get; private set; } = amr;

    public DateTimeOffset AuthenticatedAt { get; private set; } = authenticatedAt;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;

    /// <summary>The end that no renewal moves.</summary>
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    /// <summary>What its access tokens may be for (RFC 8707); empty: as the scopes say.</summary>
    public string[] Resources { get; private set; } = resources;

    /// <summary>The organization whose client it is; null for one of the Hub's own. Grants belong to their person, and are in no tenant.</summary>
    public Guid? ClientOwner { get; private set; } = clientOwner;

    /// <summary>The one organization that its tokens are for: of a limited session, or asked for; null: all of the person's.</summary>
    public Guid? LimitedTo { get; private set; } = limitedTo;

    /// <summary>Whether an organization's provider vouched for the person, and not they themselves.</summary>
    public bool IsFederated => Amr.Contains(AuthenticationMethods.Federated);

    /// <summary>The key its refresh tokens are bound to (RFC 9449 §5); null when not bound.</summary>
    public string? DpopJkt { get; private set; }

    public DateTimeOffset? RevokedAt { get; private set; }

    public void BindTo(string? dpopJkt) => DpopJkt = dpopJkt;
}

/// <summary>An authorization code, good once and for a minute (RFC 6749 §4.1.2). The code itself is not kept.</summary>
internal sealed class AuthorizationCode(byte[] hash, Guid grantId, string clientId, string redirectUri, string codeChallenge, string? nonce, string? dpopJkt, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;
    public Guid GrantId { get; private set; } = grantId;
    public string ClientId { get; private set; } = clientId;
    public string RedirectUri { get; private set; } = redirectUri;
    public string CodeChallenge { get; private set; } = codeChallenge;
    public string? Nonce { get; private set; } = nonce;
    public string? DpopJkt { get; private set; } = dpopJkt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
    public DateTimeOffset? RedeemedAt { get; private set; }
}

/// <summary>A refresh token, good once; its use makes its successor. The token itself is not kept.</summary>
internal sealed class RefreshToken(byte[] hash, Guid grantId, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;
    public Guid GrantId { get; private set; } = grantId;

    /// <summary>The end when it stays unused.</summary>
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    public DateTimeOffset? UsedAt { get; private set; }

    /// <summary>What makes the successor from the token, and only together with it.</summary>
    public byte[]? SuccessorSalt { get; private set; }

    public void Use(byte[] successorSalt, DateTimeOffset now) => (UsedAt, SuccessorSalt) = (now, successorSalt);
}

/// <summary>What a person allowed a client, remembered so that the question is asked once.</summary>
internal sealed class Consent(Guid userId, string clientId, string[] scopes, DateTimeOffset givenAt)
{
    public Guid UserId { get; private set; } = userId;
    public string ClientId { get; private set; } = clientId;
    public string[] Scopes { get; private set; } = scopes;
    public DateTimeOffset GivenAt { get; private set; } = givenAt;
}

/// <summary>An authorization request that waits for a person to sign in or to consent. Kept here, so that no form field can change it.</summary>
internal sealed class PendingAuthorization(byte[] hash, string request, DateTimeOffset createdAt, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;

    /// <summary>The request as JSON.</summary>
    public string Request { get; private set; } = request;

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}

/// <summary>An authorization request that its client pushed (RFC 9126), until the browser brings its reference: once.</summary>
internal sealed class PushedRequest(byte[] hash, string clientId, string request, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;
    public string ClientId { get; private set; } = clientId;

    /// <summary>The request as JSON.</summary>
    public string Request { get; private set; } = request;

    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}

/// <summary>An access token without a grant that its client gave back (RFC 7009), until it would have expired.</summary>
internal sealed class RevokedToken(byte[] hash, DateTimeOffset expiresAt)
{
    /// <summary>Of its <c>jti</c>.</summary>
    public byte[] Hash { get; private set; } = hash;

    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}

/// <summary>A key the provider signs with.</summary>
internal sealed class SigningKey(string id, string algorithm, byte[] protectedKey, DateTimeOffset createdAt, DateTimeOffset signsFrom, DateTimeOffset signsUntil)
{
    /// <summary>The <c>kid</c>: RFC 7638 thumbprint.</summary>
    public string Id { get; private set; } = id;

    /// <summary><c>ES256</c> or <c>RS256</c>.</summary>
    public string Algorithm { get; private set; } = algorithm;

    /// <summary>PKCS #8, encrypted by the platform's key ring.</summary>
    public byte[] ProtectedKey { get; private set; } = protectedKey;

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset SignsFrom { get; private set; } = signsFrom;
    public DateTimeOffset SignsUntil { get; private set; } = signsUntil;

    public KeyPeriod Period => new(Id, SignsFrom, SignsUntil);

    /// <summary>Signs until then at most.</summary>
    public void EndAt(DateTimeOffset time) => SignsUntil = time < SignsUntil ? time : SignsUntil;
}
