using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>The identifier of an organization's client: <c>client.&lt;organization&gt;.&lt;id&gt;</c>, both without hyphens. It leads to the row without a look-up outside the tenant.</summary>
internal readonly record struct RegisteredClientId(Guid OrganizationId, Guid Id)
{
    private const string Prefix = "client.";
    private const int GuidLength = 32;

    /// <summary>Null for any other identifier.</summary>
    public static RegisteredClientId? TryParse(string text) =>
        text.Length == Prefix.Length + GuidLength + 1 + GuidLength && text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length + GuidLength] == '.'
            && Guid.TryParseExact(text.AsSpan(Prefix.Length, GuidLength), "N", out var organization) && Guid.TryParseExact(text.AsSpan(Prefix.Length + GuidLength + 1), "N", out var id)
            && new RegisteredClientId(organization, id) is var parsed && parsed.ToString() == text // one spelling
            ? parsed
            : null;

    public override string ToString() => $"{Prefix}{OrganizationId:N}.{Id:N}";
}

/// <summary>A client that an organization registered.</summary>
internal sealed class RegisteredClient : ITenantOwned
{
    public const int MaxNameLength = 100;

    private RegisteredClient()
    {
    }

    public RegisteredClient(Guid organizationId, Guid id, Guid createdBy, DateTimeOffset createdAt) => (OrganizationId, Id, CreatedBy, CreatedAt) = (organizationId, id, createdBy, createdAt);

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public string Name { get; private set; } = "";
    public bool Enabled { get; private set; } = true;
    public string AuthenticationMethod { get; private set; } = ClientAuthenticationMethods.None;
    public string AssertionAlgorithm { get; private set; } = SigningAlgorithms.Es256;
    public string IdTokenAlgorithm { get; private set; } = SigningAlgorithms.Rs256;
    public string[] RedirectUris { get; private set; } = [];
    public string[] PostLogoutRedirectUris { get; private set; } = [];
    public string[] Scopes { get; private set; } = [];
    public string[] Grants { get; private set; } = [];
    public string[] Resources { get; private set; } = [];
    public bool RequireDpop { get; private set; }
    public bool RequirePar { get; private set; }

    /// <summary>A JWK Set of public keys (RFC 7517 §5); null but for <c>private_key_jwt</c>.</summary>
    public string? Keys { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public Guid CreatedBy { get; private set; }
    public uint Version { get; private set; }

    public RegisteredClientId ClientId => new(OrganizationId, Id);

    /// <summary>The client as the protocol sees it. It may introspect tokens for the resources it may ask for: both are the organization's own.</summary>
    public Client ToClient(IEnumerable<RegisteredClientSecret> secrets) => new()
    {
        Id = ClientId.ToString(),
        Name = Name,
        IsEnabled = Enabled,
        OrganizationId = OrganizationId,
        AuthenticationMethod = AuthenticationMethod,
        AssertionAlgorithm = AssertionAlgorithm,
        Keys = Keys is null ? [] : JwkSet.Read(Keys),
        Secrets = [.. secrets.Select(secret => new ClientSecret(secret.Hash, secret.ExpiresAt))],
        RedirectUris = [.. RedirectUris],
        PostLogoutRedirectUris = [.. PostLogoutRedirectUris],
        Scopes = [.. Scopes],
        Grants = [.. Grants],
        Resources = [.. Resources],
        Serves = [.. Resources],
        RequireDpop = RequireDpop,
        RequirePar = RequirePar,
        IdTokenAlgorithm = IdTokenAlgorithm,
    };

    public void Apply(AcceptedClient settings)
    {
        (Name, Enabled, RequireDpop, RequirePar) = (settings.Name, settings.Enabled, settings.RequireDpop, settings.RequirePar);
        (AuthenticationMethod, AssertionAlgorithm, Keys, IdTokenAlgorithm) = (settings.AuthenticationMethod, settings.AssertionAlgorithm, settings.Keys, settings.IdTokenAlgorithm);
        (Grants, Scopes, Resources) = ([.. settings.Grants], [.. settings.Scopes], [.. settings.Resources]);
        (RedirectUris, PostLogoutRedirectUris) = ([.. settings.RedirectUris], [.. settings.PostLogoutRedirectUris]);
    }

    public AcceptedClient ToSettings() => new(
        Name, Enabled, AuthenticationMethod, AssertionAlgorithm, Keys, IdTokenAlgorithm, [.. Grants], [.. RedirectUris], [.. PostLogoutRedirectUris], [.. Scopes], [.. Resources], RequireDpop, RequirePar);
}

/// <summary>A secret of an organization's client. Two at a time let it change from one to the other.</summary>
internal sealed class RegisteredClientSecret(Guid organizationId, Guid clientId, Guid id, byte[] hash, DateTimeOffset createdAt, DateTimeOffset expiresAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid ClientId { get; private set; } = clientId;
    public Guid Id { get; private set; } = id;

    /// <summary>SHA-256 of the secret, which has 256 random bits.</summary>
    public byte[] Hash { get; private set; } = hash;

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    /// <summary>Ends it at this time, if it would not end before.</summary>
    public void EndAt(DateTimeOffset time) => ExpiresAt = time < ExpiresAt ? time : ExpiresAt;
}
