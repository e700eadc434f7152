using System.Text.Json;
using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>What is wrong with a provider: at which step it is found out, and a sentence for who configures it.</summary>
internal sealed record SsoFault(SsoStep Step, string Reason);

/// <summary>What is looked at in a provider, in this order: what comes first hides what comes after.</summary>
public enum SsoStep
{
    /// <summary>The issuer is an address that is asked at all.</summary>
    Address,

    /// <summary>Its name is in the DNS.</summary>
    Dns,

    /// <summary>It leads to a network that the Hub reaches into, and somebody takes connections there.</summary>
    Connection,

    /// <summary>TLS with a certificate for the name.</summary>
    Tls,

    /// <summary>There is a discovery document, in time and of a sensible size.</summary>
    Discovery,

    /// <summary>It is of this issuer, byte for byte.</summary>
    Issuer,

    /// <summary>It names what a sign-in needs.</summary>
    Endpoints,

    /// <summary>Signatures and code challenges that are safe.</summary>
    Algorithms,

    /// <summary>There are keys to verify ID tokens with.</summary>
    Keys,
}

/// <summary>A provider's discovery document, as far as a sign-in needs it (OpenID Connect Discovery §3).</summary>
/// <param name="PromisesIssuer">Whether every answer carries <c>iss</c> (RFC 9207).</param>
/// <param name="TakesBasic">Whether a client secret goes into the Authorization header, which is the default (§3), or into the form.</param>
internal sealed record ProviderMetadata(string Issuer, Uri AuthorizationEndpoint, Uri TokenEndpoint, Uri KeySet, bool PromisesIssuer, bool TakesBasic)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16 };

    /// <summary>Where the document of an issuer is (§4.1).</summary>
    public static Uri AddressOf(string issuer) => new(issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    /// <summary>The document, or what is wrong with it; by the issuer exactly as it was configured (§4.3).</summary>
    /// <param name="takes">Whether an address is one that may be asked.</param>
    public static (ProviderMetadata? Metadata, SsoFault? Fault) Read(byte[] body, string issuer, Func<Uri, bool> takes)
    {
        if (Parse(body) is not { } document)
            return Wrong(SsoStep.Discovery, "What is at the discovery address is no JSON object.");
        if (document.Text("issuer") != issuer)
            return Wrong(SsoStep.Issuer, "The discovery document is of another issuer. Write the issuer exactly as the document's 'issuer' has it, with or without a slash at the end.");
        var endpoints = new Dictionary<string, Uri>();
        foreach (var name in new[] { "authorization_endpoint", "token_endpoint", "jwks_uri" })
        {
            if (!Uri.TryCreate(document.Text(name), UriKind.Absolute, out var address) || !takes(address) || address.Fragment.Length > 0)
                return Wrong(SsoStep.Endpoints, $"The discovery document has no '{name}', or one that is no https address.");
            endpoints[name] = address;
        }
        if (Lacks(document, "response_types_supported", ["code"]))
            return Wrong(SsoStep.Endpoints, "The provider does not offer the authorization code flow (response_types_supported has no 'code').");
        if (Lacks(document, "id_token_signing_alg_values_supported", SigningAlgorithms.OfAssertions))
            return Wrong(SsoStep.Algorithms, $"The provider signs ID tokens by none of {string.Join(", ", SigningAlgorithms.OfAssertions)} (id_token_signing_alg_values_supported).");
        if (Lacks(document, "code_challenge_methods_supported", [Pkce.Method]))
            return Wrong(SsoStep.Algorithms, "The provider does not take code challenges by S256 (code_challenge_methods_supported).");
        return (new(issuer, endpoints["authorization_endpoint"], endpoints["token_endpoint"], endpoints["jwks_uri"],
            document.TryGetProperty("authorization_response_iss_parameter_supported", out var promised) && promised.ValueKind == JsonValueKind.True,
            !Lacks(document, "token_endpoint_auth_methods_supported", [ClientAuthenticationMethods.SecretBasic])), null);
    }

    /// <summary>The keys of a JWK Set (RFC 7517 §5) that ID tokens may be verified with; others are passed over. Null when it is none.</summary>
    public static IReadOnlyList<ClientKey>? ReadKeys(byte[] body)
    {
        const int mostKeys = 50;
        if (Parse(body) is not { } set || !set.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
            return null;
        return [.. keys.EnumerateArray().Take(mostKeys).Select(key => ClientKey.TryParse(key.GetRawText())).OfType<ClientKey>()];
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            CompactJws.ReadTexts(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether a list is there and has none of these. One that is left out says nothing.</summary>
    private static bool Lacks(JsonElement document, string name, IEnumerable<string> wanted) =>
        document.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            && !list.EnumerateArray().Any(value => value.ValueKind == JsonValueKind.String && wanted.Any(value.ValueEquals));

    private static (ProviderMetadata?, SsoFault?) Wrong(SsoStep step, string reason) => (null, new(step, reason));
}
