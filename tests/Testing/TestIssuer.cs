using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Testing;

/// <summary>An OpenID Connect issuer that is not the Hub's own, which signs whatever a test wants: the Hub believes tokens by discovery alone.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "k1" };

    private TestIssuer(WebApplication app) => _app = app;

    public string Issuer { get; private set; } = "";

    /// <summary>The signing key, for tokens that are wrong in another way.</summary>
    public SecurityKey Key => _key;

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var issuer = new TestIssuer(builder.Build());
        issuer._app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object> { ["issuer"] = issuer.Issuer, ["jwks_uri"] = issuer.Issuer + "/jwks" }));
        issuer._app.MapGet("/jwks", () => Results.Json(new { keys = new[] { issuer.PublicKey() } }));
        await issuer._app.StartAsync();
        issuer.Issuer = issuer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return issuer;
    }

    /// <summary>A valid access token of a person, changed as wanted.</summary>
    public string Issue(Guid subject, Action<SecurityTokenDescriptor>? change = null, string? boundTo = null)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var token = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Issuer + "/v1",
            TokenType = "at+jwt",
            NotBefore = now,
            IssuedAt = now,
            Expires = now.AddMinutes(10),
            SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256),
            Claims = new Dictionary<string, object> { ["sub"] = subject.ToString(), ["scope"] = "hub", ["client_id"] = "tests" },
        };
        if (boundTo is not null)
            token.Claims["cnf"] = new Dictionary<string, object> { ["jkt"] = boundTo };
        change?.Invoke(token);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);
    }

    /// <summary>The settings of a Hub that believes this issuer.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Hub:Identity:Issuer"] = Issuer };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _key.ECDsa.Dispose();
    }

    private Dictionary<string, string> PublicKey()
    {
        var jwk = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(_key);
        return new() { ["kty"] = jwk.Kty, ["crv"] = jwk.Crv, ["x"] = jwk.X, ["y"] = jwk.Y, ["kid"] = jwk.Kid, ["use"] = "sig", ["alg"] = "ES256" };
    }
}
