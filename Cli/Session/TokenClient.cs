using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Session;

/// <summary>What the Hub's authorization server says about itself (RFC 8414).</summary>
internal sealed record ServerMetadata(
    [property: JsonPropertyName("issuer")] string Issuer,
    [property: JsonPropertyName("authorization_endpoint")] Uri AuthorizationEndpoint,
    [property: JsonPropertyName("token_endpoint")] Uri TokenEndpoint,
    [property: JsonPropertyName("revocation_endpoint")] Uri? RevocationEndpoint,
    [property: JsonPropertyName("device_authorization_endpoint")] Uri? DeviceAuthorizationEndpoint);

/// <summary>What a person has to do elsewhere, and how to ask whether they have (RFC 8628 §3.2).</summary>
/// <param name="ExpiresIn">Seconds until the codes are void.</param>
/// <param name="Interval">Seconds between two requests; null: 5.</param>
internal sealed record DeviceCodes(
    [property: JsonPropertyName("device_code")] string DeviceCode,
    [property: JsonPropertyName("user_code")] string UserCode,
    [property: JsonPropertyName("verification_uri")] Uri VerificationUri,
    [property: JsonPropertyName("verification_uri_complete")] Uri? VerificationUriComplete,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("interval")] int? Interval);

/// <summary>Tokens as issued (RFC 6749 §5.1).</summary>
internal sealed record IssuedTokens(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("refresh_token")] string? RefreshToken,
    [property: JsonPropertyName("id_token")] string? IdToken,
    [property: JsonPropertyName("issued_token_type")] string? IssuedTokenType);

/// <summary>The authorization server refused (RFC 6749 §5.2).</summary>
internal sealed class TokenRefusedException(string error, string? description) : Exception(description is null ? error : $"{error}: {description}")
{
    public string Error { get; } = error;
}

/// <summary>Discovery and the token endpoint, with DPoP (RFC 9449) and its nonces.</summary>
internal sealed class TokenClient(HttpClient http, TimeProvider time)
{
    public const string ClientId = "czctl";
    private const string IdTokenType = "urn:ietf:params:oauth:token-type:id_token";

    /// <summary>What every sign-in asks for.</summary>
    public const string Scope = "openid offline_access hub";

    /// <summary>Reads the metadata, whose issuer must be the Hub itself (RFC 8414 §3.3).</summary>
    public async Task<ServerMetadata> DiscoverAsync(Uri hub, CancellationToken ct)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(hub, ".well-known/openid-configuration")), ct);
        if (!response.IsSuccessStatusCode)
            throw CommandError.Refused("hub.no_sign_in", $"{hub} answers {(int)response.StatusCode} where it should describe its sign-in. Is it a CodeZero Hub?", "Check the address (--hub).");
        var metadata = await ReadAsync<ServerMetadata>(response, ct);
        if (metadata?.Issuer is null || metadata.Issuer.TrimEnd('/') != hub.AbsoluteUri.TrimEnd('/'))
            throw CommandError.Refused("hub.issuer", $"The Hub at {hub} calls itself \"{metadata?.Issuer}\".", "Use that address, if you know it to be right.");
        RequireHttps(metadata.AuthorizationEndpoint, metadata.TokenEndpoint, metadata.RevocationEndpoint ?? metadata.TokenEndpoint, metadata.DeviceAuthorizationEndpoint ?? metadata.TokenEndpoint);
        return metadata;
    }

    /// <summary>A request to the token endpoint.</summary>
    /// <exception cref="TokenRefusedException">The server says no.</exception>
    /// <exception cref="HubUnreachableException">The server says nothing.</exception>
    public async Task<IssuedTokens> RequestAsync(Uri endpoint, EcPrivateKey key, IReadOnlyDictionary<string, string> form, CancellationToken ct) =>
        await PostAsync<IssuedTokens>(endpoint, key, form, ct) is { AccessToken.Length: > 0 } tokens && string.Equals(tokens.TokenType, "DPoP", StringComparison.OrdinalIgnoreCase)
            ? tokens
            : throw new TokenRefusedException("invalid_response", "the Hub issued no token bound to this sign-in's key");

    /// <summary>Asks for codes that a person can allow elsewhere, good for this key alone.</summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<DeviceCodes> RequestCodesAsync(Uri endpoint, EcPrivateKey key, CancellationToken ct)
    {
        var codes = await PostAsync<DeviceCodes>(endpoint, key, new Dictionary<string, string> { ["scope"] = Scope }, ct);
        if (codes is not { DeviceCode.Length: > 0, UserCode.Length: > 0, VerificationUri: not null, ExpiresIn: > 0 })
            throw new TokenRefusedException("invalid_response", "the Hub gave no code to show");
        RequireHttps(codes.VerificationUri, codes.VerificationUriComplete ?? codes.VerificationUri);
        return codes;
    }

    /// <summary>Exchanges an access token for an ID token for somebody else's eyes (RFC 8693).</summary>
    /// <inheritdoc cref="RequestAsync"/>
    public async Task<(string Token, TimeSpan Life)> ExchangeAsync(Uri endpoint, EcPrivateKey key, string accessToken, string audience, CancellationToken ct)
    {
        var issued = await PostAsync<IssuedTokens>(endpoint, key, new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = accessToken,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["requested_token_type"] = IdTokenType,
            ["audience"] = audience,
        }, ct);
        return issued is { AccessToken.Length: > 0, IssuedTokenType: IdTokenType }
            ? (issued.AccessToken, TimeSpan.FromSeconds(issued.ExpiresIn))
            : throw new TokenRefusedException("invalid_response", "the Hub issued something else than an ID token");
    }

    private async Task<T?> PostAsync<T>(Uri endpoint, EcPrivateKey key, IReadOnlyDictionary<string, string> form, CancellationToken ct) where T : class
    {
        string? nonce = null;
        for (var attempt = 1; ; attempt++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(form.Append(new("client_id", ClientId))) };
            request.Headers.Add(DpopProof.HeaderName, DpopProof.Create(key, "POST", endpoint, time.GetUtcNow(), nonce: nonce));
            using var response = await SendAsync(request, ct);
            if (response.IsSuccessStatusCode)
                return await ReadAsync<T>(response, ct);
            var refusal = await ReadAsync<Refusal>(response, ct);
            if (refusal?.Error == "use_dpop_nonce" && attempt == 1 && response.Headers.TryGetValues(DpopProof.NonceHeaderName, out var nonces))
                nonce = nonces.First();
            else if (response.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests)
                throw new HubUnreachableException(endpoint, string.Create(CultureInfo.InvariantCulture, $"its sign-in answers {(int)response.StatusCode}"));
            else
                throw new TokenRefusedException(refusal?.Error ?? string.Create(CultureInfo.InvariantCulture, $"http_{(int)response.StatusCode}"), refusal?.Description);
        }
    }

    /// <summary>Revokes a refresh token (RFC 7009). A server that does not answer is no reason to stay signed in here.</summary>
    /// <returns>Whether the server confirmed it.</returns>
    public async Task<bool> RevokeAsync(Uri endpoint, string refreshToken, CancellationToken ct)
    {
        try
        {
            using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Post, endpoint)
            {
                Content = new FormUrlEncodedContent([new("token", refreshToken), new("token_type_hint", "refresh_token"), new("client_id", ClientId)]),
            }, ct);
            return response.IsSuccessStatusCode;
        }
        catch (HubUnreachableException)
        {
            return false;
        }
    }

    /// <exception cref="CommandError">The Hub names an address where secrets would go over the network in clear text.</exception>
    private static void RequireHttps(params ReadOnlySpan<Uri?> addresses)
    {
        foreach (var address in addresses)
            if (address is not { IsAbsoluteUri: true } || (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback))
                throw CommandError.Refused("hub.endpoint", $"The Hub names {address} for signing in, which is not https.", "Tell the Hub's operator.");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var sent = request;
        try
        {
            return await http.SendAsync(request, ct);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new HubUnreachableException(request.RequestUri!, e.InnerException?.Message ?? e.Message, e);
        }
    }

    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(await response.Content.ReadAsByteArrayAsync(ct));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Refusal([property: JsonPropertyName("error")] string? Error, [property: JsonPropertyName("error_description")] string? Description);
}

internal static class OAuthHttp
{
    /// <summary>No redirects, small answers, short waits.</summary>
    public static HttpClient Create() => new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
    {
        Timeout = TimeSpan.FromSeconds(30),
        MaxResponseContentBufferSize = 1 << 20,
    };
}
