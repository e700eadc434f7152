using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

/// <summary>
/// The section <c>Hub:Identity</c>. Validated when the process starts: a wrong value stops it, with what to do.
/// </summary>
public sealed class HubIdentityOptions
{
    public const string Section = "Hub:Identity";

    /// <summary>
    /// The issuer identifier, such as <c>https://hub.example.com</c>: scheme, host and port, nothing after. Required. It must be https, except on this
    /// machine's own loopback address. Tokens, discovery and links are made from it, never from a request's Host header (OpenID Connect Discovery §4.3).
    /// </summary>
    public string Issuer { get; set; } = "";

    /// <summary>How long an authorization code may wait for its redemption. Default 60 seconds, at most 10 minutes (RFC 6749 §4.1.2).</summary>
    public TimeSpan CodeLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Life of a person's access token. Default 10 minutes, at most 1 hour. A removed right may last this long where the API does not look it up itself.
    /// </summary>
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Life of an ID token. Default 10 minutes, at most 1 hour; for clusters' API servers never more than 10 minutes, because they cannot be told of a revocation.</summary>
    public TimeSpan IdTokenLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A refresh token unused for this long is dead. Default 14 days.</summary>
    public TimeSpan RefreshIdleLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>After this long the person signs in again, however often the token was renewed. Default 90 days.</summary>
    public TimeSpan RefreshAbsoluteLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long a refresh token that was just used answers again with the same successor, for a client that lost the answer. Default 30 seconds, at most 2 minutes.
    /// </summary>
    public TimeSpan RefreshLeeway { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a device waits between two requests that ask whether its person has allowed it (RFC 8628 §3.2). Default 5 seconds, at most 1 minute. Less means more
    /// requests from every device that waits.
    /// </summary>
    public TimeSpan DeviceInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a browser stays signed in, however much it is used. Default 12 hours.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>A browser unused for this long is signed out. Default 1 hour (NIST SP 800-63B-4 §2.2.3), at least 5 minutes, at most <see cref="SessionLifetime"/>.</summary>
    public TimeSpan SessionIdleLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What a password must be.</summary>
    public PasswordPolicy Password { get; } = new();

    /// <summary>Wrong passwords, codes and recovery codes, and their consequence.</summary>
    public LockoutPolicy Lockout { get; } = new();

    /// <summary>How often one network address may try.</summary>
    public AddressLimits Limits { get; } = new();

    /// <summary>Signing in through organizations' own providers.</summary>
    public SingleSignOn Sso { get; } = new();

    /// <summary>First-party clients by client identifier. <c>czctl</c> is built in; naming it here replaces it.</summary>
    public IDictionary<string, ClientOptions> Clients { get; } = new Dictionary<string, ClientOptions>(StringComparer.Ordinal);

    /// <summary>What a password must be. Length and the list of common ones decide; there are no rules about kinds of characters (NIST SP 800-63B §3.1.1).</summary>
    public sealed class PasswordPolicy
    {
        /// <summary>The longest password accepted, in characters.</summary>
        public const int MaximumLength = 256;

        /// <summary>The shortest password accepted, in characters. Default 12, from 8 to 64.</summary>
        public int MinimumLength { get; set; } = 12;
    }

    /// <summary>Signing in through organizations' own providers.</summary>
    public sealed class SingleSignOn
    {
        /// <summary>
        /// True: providers may be in private networks and on this machine, for a Hub of one's own. Default false: whoever owns an organization says what the Hub fetches, and could reach
        /// into its network.
        /// </summary>
        public bool AllowPrivateNetworks { get; set; }
    }

    /// <summary>Requests per minute and network address, all usable at once; past them 429 with <c>Retry-After</c>.</summary>
    public sealed class AddressLimits
    {
        /// <summary>Accounts made. Default 30.</summary>
        public int SignUpsPerMinute { get; set; } = 30;

        /// <summary>Views and tries of the sign-in page. Default 120.</summary>
        public int SignInsPerMinute { get; set; } = 120;

        /// <summary>Views and tries of the page for devices' codes. Default 60.</summary>
        public int DeviceCodesPerMinute { get; set; } = 60;

        /// <summary>Requests to the authorization endpoint. Default 600.</summary>
        public int AuthorizationsPerMinute { get; set; } = 600;

        /// <summary>Requests to the token endpoint. Default 1200: enough for some thousand agents behind one address.</summary>
        public int TokenRequestsPerMinute { get; set; } = 1200;
    }

    /// <summary>Wrong passwords, codes and recovery codes, and their consequence.</summary>
    public sealed class LockoutPolicy
    {
        /// <summary>Wrong ones in a row before the account is locked. Default 10, from 3 to 100.</summary>
        public int Attempts { get; set; } = 10;

        /// <summary>How long it is locked. Default 5 minutes, at most a day.</summary>
        public TimeSpan Duration { get; set; } = TimeSpan.FromMinutes(5);
    }
}

/// <summary>A client that may send people here to sign in (RFC 6749 §2).</summary>
public sealed class ClientOptions
{
    /// <summary>What people read on the consent page.</summary>
    public string Name { get; set; } = "";

    /// <summary>False refuses every request of the client. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Where answers may go: https addresses without fragment, or <c>http://127.0.0.1/path</c> and <c>http://[::1]/path</c>, for which any port is taken
    /// (RFC 8252 §7.3). Compared character by character.
    /// </summary>
    public IList<string> RedirectUris { get; } = [];

    /// <summary>Where a person may go after signing out: https addresses without fragment, compared character by character. Default: none.</summary>
    public IList<string> PostLogoutRedirectUris { get; } = [];

    /// <summary>
    /// The scopes it may ask for: for people, of <c>openid</c>, <c>offline_access</c>, <c>email</c> and <c>hub</c>; with the grant <c>client_credentials</c>, any others for itself.
    /// </summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>The grants it may use, such as <c>client_credentials</c>. Default: <c>authorization_code</c> and <c>refresh_token</c>.</summary>
    public IList<string> Grants { get; } = [];

    /// <summary>The resources beside the Hub's API that it may ask tokens for (RFC 8707), absolute URIs; the first is the default. Default: none.</summary>
    public IList<string> Resources { get; } = [];

    /// <summary>The resources it serves: it may introspect the tokens that are for them. Default: none.</summary>
    public IList<string> Serves { get; } = [];

    /// <summary>True: its tokens are bound to its key (RFC 9449), and requests without a proof are refused. Default false.</summary>
    public bool RequireDpop { get; set; }

    /// <summary>True: authorization requests have to be pushed first (RFC 9126). Default false.</summary>
    public bool RequirePar { get; set; }

    /// <summary><c>RS256</c>, or <c>ES256</c>. Default <c>RS256</c>.</summary>
    public string IdTokenAlgorithm { get; set; } = SigningAlgorithms.Rs256;

    /// <summary>Public keys as JWK texts, P-256 or RSA. With one or more, the client authenticates by <c>private_key_jwt</c>.</summary>
    public IList<string> PublicKeys { get; } = [];

    /// <summary>What it signs its assertions with: <c>ES256</c>, <c>PS256</c> or <c>RS256</c>. Default <c>ES256</c>.</summary>
    public string AssertionAlgorithm { get; set; } = SigningAlgorithms.Es256;

    /// <summary>Secrets. With one or more, the client authenticates by <c>client_secret_basic</c>. Two at a time let it change from one to the other.</summary>
    public IList<ClientSecretOptions> Secrets { get; } = [];
}

/// <summary>A client's secret: 32 random bytes as text (<c>openssl rand -base64 32</c>), of which only the hash is configured.</summary>
public sealed class ClientSecretOptions
{
    /// <summary>SHA-256 of the secret's text, in hexadecimal (<c>printf %s "$SECRET" | sha256sum</c>).</summary>
    public string Sha256 { get; set; } = "";

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}

internal sealed class ValidateHubIdentityOptions : IValidateOptions<HubIdentityOptions>
{
    public ValidateOptionsResult Validate(string? name, HubIdentityOptions options)
    {
        List<string> faults =
        [
            .. IssuerFaults(options.Issuer),
            .. Range(nameof(options.CodeLifetime), options.CodeLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            .. Range(nameof(options.AccessTokenLifetime), options.AccessTokenLifetime, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)),
            .. Range(nameof(options.IdTokenLifetime), options.IdTokenLifetime, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)),
            .. Range(nameof(options.RefreshIdleLifetime), options.RefreshIdleLifetime, TimeSpan.FromMinutes(1), options.RefreshAbsoluteLifetime),
            .. Range(nameof(options.RefreshAbsoluteLifetime), options.RefreshAbsoluteLifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(366)),
            .. Range(nameof(options.RefreshLeeway), options.RefreshLeeway, TimeSpan.Zero, TimeSpan.FromMinutes(2)),
            .. Range(nameof(options.DeviceInterval), options.DeviceInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
            .. Range(nameof(options.SessionLifetime), options.SessionLifetime, TimeSpan.FromMinutes(5), TimeSpan.FromDays(30)),
            .. Range(nameof(options.SessionIdleLifetime), options.SessionIdleLifetime, TimeSpan.FromMinutes(5), options.SessionLifetime),
            .. Range("Password:MinimumLength", options.Password.MinimumLength, 8, 64),
            .. Range("Lockout:Attempts", options.Lockout.Attempts, 3, 100),
            .. Range("Lockout:Duration", options.Lockout.Duration, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)),
            .. Range("Limits:SignUpsPerMinute", options.Limits.SignUpsPerMinute, 1, 1_000_000),
            .. Range("Limits:SignInsPerMinute", options.Limits.SignInsPerMinute, 1, 1_000_000),
            .. Range("Limits:DeviceCodesPerMinute", options.Limits.DeviceCodesPerMinute, 1, 1_000_000),
            .. Range("Limits:AuthorizationsPerMinute", options.Limits.AuthorizationsPerMinute, 1, 1_000_000),
            .. Range("Limits:TokenRequestsPerMinute", options.Limits.TokenRequestsPerMinute, 1, 1_000_000),
            .. options.Clients.SelectMany(client => ClientFaults(client.Key, client.Value)),
        ];
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> IssuerFaults(string issuer)
    {
        const string remedy = "Set it to the address people reach the Hub at, such as https://hub.example.com.";
        if (string.IsNullOrWhiteSpace(issuer))
            yield return $"{HubIdentityOptions.Section}:Issuer is missing. {remedy}";
        else if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != issuer || uri.UserInfo.Length > 0)
            yield return $"{HubIdentityOptions.Section}:Issuer '{issuer}' must be scheme, lower-case host and port (not the default one) with nothing after, no slash either. {remedy}";
        else if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            yield return $"{HubIdentityOptions.Section}:Issuer '{issuer}' must be https; http is for this machine's loopback address only. {remedy}";
    }

    private static IEnumerable<string> ClientFaults(string id, ClientOptions client)
    {
        var section = $"{HubIdentityOptions.Section}:Clients:{id}";
        if (id.Length > Client.MaxIdLength || id.Contains(' ', StringComparison.Ordinal) || !Scopes.IsVisibleText(id) || Guid.TryParse(id, out _) || RegisteredClientId.TryParse(id) is not null)
            yield return $"{section}: a client identifier is at most {Client.MaxIdLength} visible characters without spaces, and neither a GUID nor like those of organizations' clients.";
        if (string.IsNullOrWhiteSpace(client.Name))
            yield return $"{section}:Name is missing. People read it on the consent page.";
        foreach (var uri in client.RedirectUris)
            if (RedirectUris.FindFault(uri) is { } fault)
                yield return $"{section}:RedirectUris '{uri}' {fault}.";
        foreach (var uri in client.PostLogoutRedirectUris)
            if (RedirectUris.FindFault(uri) is { } fault)
                yield return $"{section}:PostLogoutRedirectUris '{uri}' {fault}.";
        foreach (var scope in client.Scopes.Except(Scopes.Supported))
            if (!client.Grants.Contains(GrantTypes.ClientCredentials) || Scopes.Parse(scope) is not { Length: 1 })
                yield return $"{section}:Scopes '{scope}' is not one of {string.Join(", ", Scopes.Supported)}; others are for clients with the grant client_credentials.";
        foreach (var grant in client.Grants.Except(GrantTypes.All))
            yield return $"{section}:Grants '{grant}' is not one of {string.Join(", ", GrantTypes.All)}.";
        foreach (var resource in client.Resources.Concat(client.Serves))
            if (Resources.FindFault(resource) is { } fault)
                yield return $"{section}: the resource '{resource}' {fault}.";
        if (!SigningAlgorithms.All.Contains(client.IdTokenAlgorithm))
            yield return $"{section}:IdTokenAlgorithm '{client.IdTokenAlgorithm}' is not one of {string.Join(", ", SigningAlgorithms.All)}.";
        foreach (var fault in AuthenticationFaults(section, client))
            yield return fault;
    }

    private static IEnumerable<string> AuthenticationFaults(string section, ClientOptions client)
    {
        if (client.PublicKeys.Count > 0 && client.Secrets.Count > 0)
            yield return $"{section} has PublicKeys and Secrets. A client authenticates in one way: keep the keys.";
        if (client.PublicKeys.Count + client.Secrets.Count == 0 && client.Grants.Contains(GrantTypes.ClientCredentials))
            yield return $"{section} has the grant client_credentials, and neither PublicKeys nor Secrets. Anybody could name it: give it keys.";
        if (!SigningAlgorithms.OfAssertions.Contains(client.AssertionAlgorithm))
            yield return $"{section}:AssertionAlgorithm '{client.AssertionAlgorithm}' is not one of {string.Join(", ", SigningAlgorithms.OfAssertions)}.";
        foreach (var key in client.PublicKeys)
            if (ClientKey.TryParse(key)?.Algorithms.Contains(client.AssertionAlgorithm) != true)
                yield return $"{section}:PublicKeys has an entry that is no public JWK for {client.AssertionAlgorithm}: P-256 for ES256, RSA of 2048 to 4096 bits for PS256 and RS256.";
        foreach (var secret in client.Secrets)
            if (secret.Sha256.Length != 64 || !secret.Sha256.All(char.IsAsciiHexDigit))
                yield return $"{section}:Secrets has a Sha256 that is not 64 hexadecimal digits. Make it with: printf %s \"$SECRET\" | sha256sum";
    }

    private static IEnumerable<string> Range<T>(string field, T value, T from, T to) where T : IComparable<T>
    {
        if (value.CompareTo(from) < 0 || value.CompareTo(to) > 0)
            yield return $"{HubIdentityOptions.Section}:{field} is {value}; it must be from {from} to {to}.";
    }
}
