using System.Collections.Frozen;
using System.Collections.Immutable;
using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A client (RFC 6749 §2), wherever it is registered: in the configuration, by an organization, or as a machine of another module.</summary>
internal sealed record Client
{
    public const int MaxIdLength = 200;

    /// <summary>The client identifier. Never a GUID, so that no client's <c>sub</c> can be taken for a person's.</summary>
    public required string Id { get; init; }

    /// <summary>What people read on the consent page.</summary>
    public required string Name { get; init; }

    public bool IsEnabled { get; init; } = true;

    /// <summary>The organization that registered it; null for one of the configuration.</summary>
    public Guid? OrganizationId { get; init; }

    /// <summary>One of <see cref="ClientAuthenticationMethods"/>; it authenticates so and in no other way.</summary>
    public string AuthenticationMethod { get; init; } = ClientAuthenticationMethods.None;

    /// <summary>The one algorithm of its assertions (<c>token_endpoint_auth_signing_alg</c>).</summary>
    public string AssertionAlgorithm { get; init; } = SigningAlgorithms.Es256;

    public IReadOnlyList<ClientKey> Keys { get; init; } = [];
    public IReadOnlyList<ClientSecret> Secrets { get; init; } = [];

    public FrozenSet<string> RedirectUris { get; init; } = [];

    /// <summary>Where a person may be sent after signing out (OpenID Connect RP-Initiated Logout §3.1). Compared character by character.</summary>
    public FrozenSet<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary>The scopes it may ask for: the Hub's own for people, and others for itself by <c>client_credentials</c>.</summary>
    public FrozenSet<string> Scopes { get; init; } = [];

    /// <summary>Names of <see cref="GrantTypes"/>.</summary>
    public FrozenSet<string> Grants { get; init; } = [];

    /// <summary>The resources, beside the Hub's API, that it may ask tokens for (RFC 8707); the first is the default.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>The resources that it serves: it may introspect the tokens that are for them (RFC 7662 §4).</summary>
    public ImmutableArray<string> Serves { get; init; } = [];

    /// <summary>Requests to the token endpoint without a DPoP proof are refused (RFC 9449 §5.2).</summary>
    public bool RequireDpop { get; init; }

    /// <summary>Authorization requests that were not pushed are refused (RFC 9126 §6).</summary>
    public bool RequirePar { get; init; }

    /// <summary><c>RS256</c>, or <c>ES256</c> for a client that chose it (<c>id_token_signed_response_alg</c>).</summary>
    public string IdTokenAlgorithm { get; init; } = SigningAlgorithms.Rs256;

    /// <summary>The machine it is, with the claims and the one key that its tokens have; null for all others.</summary>
    public MachineClient? Machine { get; init; }

    public bool IsPublic => AuthenticationMethod == ClientAuthenticationMethods.None;

    public static Client Of(MachineClient machine) => new()
    {
        Id = machine.ClientId,
        Name = machine.ClientId,
        AuthenticationMethod = ClientAuthenticationMethods.PrivateKeyJwt,
        Keys = ClientKey.TryParse(machine.PublicKeyJwk) is { } key ? [key] : [],
        Scopes = [machine.Scope],
        Grants = [GrantTypes.ClientCredentials],
        Resources = [machine.Audience],
        RequireDpop = true,
        Machine = machine,
    };
}

/// <summary>A client's secret; only its SHA-256 is kept.</summary>
/// <param name="ExpiresAt">Null for one that does not expire.</param>
internal sealed record ClientSecret(byte[] Hash, DateTimeOffset? ExpiresAt);

/// <summary>How clients authenticate (OpenID Connect Core §9).</summary>
internal static class ClientAuthenticationMethods
{
    public const string None = "none";
    public const string SecretBasic = "client_secret_basic";
    public const string PrivateKeyJwt = "private_key_jwt";

    public static readonly IReadOnlyList<string> All = [None, SecretBasic, PrivateKeyJwt];

    /// <summary>Those that prove something.</summary>
    public static readonly IReadOnlyList<string> Confidential = [SecretBasic, PrivateKeyJwt];
}

/// <summary>Names of grants that a client may be registered for. Which of them the token endpoint serves, say its <see cref="TokenGrants"/>.</summary>
internal static class GrantTypes
{
    public const string AuthorizationCode = "authorization_code";
    public const string RefreshToken = "refresh_token";
    public const string ClientCredentials = "client_credentials";

    /// <summary>RFC 8628 §3.4.</summary>
    public const string DeviceCode = "urn:ietf:params:oauth:grant-type:device_code";

    /// <summary>RFC 8693 §2.1.</summary>
    public const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <summary>The grants that a client has when nothing else is said.</summary>
    public static readonly IReadOnlyList<string> Default = [AuthorizationCode, RefreshToken];

    public static readonly IReadOnlyList<string> All = [AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode, TokenExchange];
}
