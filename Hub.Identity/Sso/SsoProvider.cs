using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>How the Hub authenticates at an organization's provider.</summary>
public enum SsoAuthentication
{
    /// <summary>A client secret, by the method that the provider's discovery document names: <c>client_secret_basic</c>, or <c>client_secret_post</c>.</summary>
    Secret,

    /// <summary><c>private_key_jwt</c> (OpenID Connect Core §9) by a key that the Hub makes and keeps; its public half is shown.</summary>
    Key,
}

/// <summary>When a sign-in through the provider counts as one with more than one factor, in this organization alone.</summary>
public enum MultiFactorTrust
{
    Never,

    /// <summary>When the ID token's <c>amr</c> has <c>mfa</c> (RFC 8176).</summary>
    Claimed,

    /// <summary>Always: the provider asks everybody for it.</summary>
    Always,
}

/// <summary>The OpenID Connect provider that signs an organization's members in, for that organization alone.</summary>
internal sealed class SsoProvider : ITenantOwned
{
    public const int MaxIssuerLength = 400;
    public const int MaxClientIdLength = 255;
    public const int MaxSecretLength = 1024;

    private SsoProvider()
    {
    }

    public SsoProvider(Guid organizationId, DateTimeOffset createdAt) => (OrganizationId, CreatedAt) = (organizationId, createdAt);

    public Guid OrganizationId { get; private set; }
    public string Issuer { get; private set; } = "";
    public string ClientId { get; private set; } = "";

    /// <summary>The client secret, encrypted; null with a key.</summary>
    public byte[]? ProtectedSecret { get; private set; }

    /// <summary>The key, PKCS #8, encrypted; null with a secret.</summary>
    public byte[]? ProtectedKey { get; private set; }

    /// <summary>The key's public half as a JWK; null with a secret.</summary>
    public string? PublicKey { get; private set; }

    public string[] Scopes { get; private set; } = [];

    /// <summary>The claim that holds a person's address.</summary>
    public string EmailClaim { get; private set; } = "email";

    public MultiFactorTrust MultiFactor { get; private set; }

    /// <summary>The role in which people join who sign in and are no member yet; null: nobody does.</summary>
    public OrganizationRole? JoinRole { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset ChangedAt { get; private set; }
    public uint RowVersion { get; private set; }

    public SsoAuthentication Authentication => ProtectedKey is null ? SsoAuthentication.Secret : SsoAuthentication.Key;

    public void Apply(SsoSettings settings, DateTimeOffset now)
    {
        (Issuer, ClientId, Scopes, EmailClaim) = (settings.Issuer, settings.ClientId, [.. settings.Scopes], settings.EmailClaim);
        (MultiFactor, JoinRole, ChangedAt) = (settings.MultiFactor, settings.JoinRole, now);
    }

    public void AuthenticateBySecret(byte[] protectedSecret) => (ProtectedSecret, ProtectedKey, PublicKey) = (protectedSecret, null, null);

    public void AuthenticateByKey(byte[] protectedKey, string publicKey) => (ProtectedSecret, ProtectedKey, PublicKey) = (null, protectedKey, publicKey);
}

/// <summary>Who somebody is at an organization's provider: found by organization, issuer and subject, and by nothing else.</summary>
internal sealed class SsoLink(Guid organizationId, string issuer, string subject, Guid userId, DateTimeOffset createdAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public string Issuer { get; private set; } = issuer;
    public string Subject { get; private set; } = subject;
    public Guid UserId { get; private set; } = userId;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset LastUsedAt { get; private set; } = createdAt;

    public void Use(DateTimeOffset now) => LastUsedAt = now;
}

/// <summary>A sign-in that is on its way to a provider and back: good once, for ten minutes, in the browser that began it.</summary>
internal sealed class SsoSignIn(byte[] hash, byte[] browserHash, Guid directoryId, string issuer, string clientId, string returnTo, DateTimeOffset expiresAt)
{
    /// <summary>Of the <c>state</c>.</summary>
    public byte[] Hash { get; private set; } = hash;

    /// <summary>Of the secret in the browser's cookie.</summary>
    public byte[] BrowserHash { get; private set; } = browserHash;

    /// <summary>The organization, as in the directory.</summary>
    public Guid DirectoryId { get; private set; } = directoryId;

    /// <summary>Whom it was begun with: settings that changed since are not those the person was sent by.</summary>
    public string Issuer { get; private set; } = issuer;

    public string ClientId { get; private set; } = clientId;

    /// <summary>A path of the Hub.</summary>
    public string ReturnTo { get; private set; } = returnTo;

    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}
