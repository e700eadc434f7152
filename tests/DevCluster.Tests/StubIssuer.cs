using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.DevCluster.Tests;

/// <summary>An issuer with a certificate authority of its own, which publishes whatever keys and says whatever a test wants.</summary>
internal sealed class StubIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CertificateAuthority _authority;
    private readonly X509Certificate2 _certificate;

    private StubIssuer(WebApplication app, CertificateAuthority authority, X509Certificate2 certificate) => (_app, _authority, _certificate) = (app, authority, certificate);

    public string Url { get; private set; } = "";
    public string CertificateAuthority => _authority.Pem;

    /// <summary>What its discovery document calls it; null for its address.</summary>
    public string? Name { get; set; }

    public List<StubKey> Keys { get; } = [];

    /// <summary>How often its keys were fetched.</summary>
    public int Fetches { get; private set; }

    public static async Task<StubIssuer> StartAsync()
    {
        var authority = Auth.CertificateAuthority.Create(TimeProvider.System.GetUtcNow());
        var certificate = authority.IssueServer(TimeProvider.System.GetUtcNow(), IPAddress.Loopback);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var issuer = new StubIssuer(builder.Build(), authority, certificate);
        issuer._app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, string> { ["issuer"] = issuer.Name ?? issuer.Url, ["jwks_uri"] = $"{issuer.Url}/keys" }));
        issuer._app.MapGet("/keys", () =>
        {
            issuer.Fetches++;
            return Results.Json(new JsonObject { ["keys"] = new JsonArray([.. issuer.Keys.Select(key => key.Jwk)]) });
        });
        await issuer._app.StartAsync();
        issuer.Url = issuer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return issuer;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }
}

/// <summary>A signing key, RS256 or ES256.</summary>
internal sealed class StubKey(string id, AsymmetricAlgorithm key) : IDisposable
{
    public static StubKey Rsa(string id) => new(id, RSA.Create(2048));

    public static StubKey Ec(string id) => new(id, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public JsonObject Jwk => key switch
    {
        RSA rsa => new() { ["kty"] = "RSA", ["kid"] = id, ["use"] = "sig", ["alg"] = "RS256", ["n"] = Base64Url.EncodeToString(rsa.ExportParameters(false).Modulus), ["e"] = "AQAB" },
        ECDsa ec => new() { ["kty"] = "EC", ["kid"] = id, ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(ec.ExportParameters(false).Q.X), ["y"] = Base64Url.EncodeToString(ec.ExportParameters(false).Q.Y) },
        _ => throw new NotSupportedException(),
    };

    /// <summary>A token by this key, whatever its header says.</summary>
    public string Sign(JsonObject claims, Action<JsonObject>? header = null)
    {
        var head = new JsonObject { ["alg"] = key is RSA ? "RS256" : "ES256", ["kid"] = id };
        header?.Invoke(head);
        var signed = $"{Encode(head)}.{Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = key switch
        {
            RSA rsa => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            ECDsa ec => ec.SignData(bytes, HashAlgorithmName.SHA256),
            _ => throw new NotSupportedException(),
        };
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));

    public void Dispose() => key.Dispose();
}
