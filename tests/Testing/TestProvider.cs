using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Testing;

/// <summary>A small OpenID Connect provider that organizations sign their members in with. It is right, unless a test makes it wrong; who is signed in there is whom the test says.</summary>
public sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "hub-at-the-provider";
    public const string ClientSecret = "s3cret of the provider: +%&=/";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, IQueryCollection> _codes = new();
    private DpopKey _key = new();

    private TestProvider(WebApplication app) => _app = app;

    public string Issuer { get; private set; } = "";

    /// <summary>The claims of who is signed in there.</summary>
    public JsonObject Person { get; set; } = [];

    /// <summary>Changes the discovery document.</summary>
    public Action<JsonObject>? ChangeDocument { get; set; }

    /// <summary>Changes header and claims of ID tokens.</summary>
    public Action<JsonObject, JsonObject>? ChangeToken { get; set; }

    /// <summary>Signs ID tokens in another way than by the published key.</summary>
    public Func<JsonObject, JsonObject, string>? Sign { get; set; }

    /// <summary>Changes what it sends a browser back with.</summary>
    public Action<Dictionary<string, string?>>? ChangeAnswer { get; set; }

    /// <summary>Answers everything with this status instead; null: it serves.</summary>
    public int? Status { get; set; }

    /// <summary>Where everything redirects to instead; null: nowhere.</summary>
    public string? RedirectsTo { get; set; }

    /// <summary>How often its keys were read.</summary>
    public int KeyReads => _keyReads;

    private int _keyReads;

    /// <summary>The last request to its token endpoint, and its Authorization header.</summary>
    public (IFormCollection Form, string Authorization)? LastTokenRequest { get; private set; }

    /// <summary>The last authorization request.</summary>
    public IQueryCollection? LastAuthorization { get; private set; }

    public static async Task<TestProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var provider = new TestProvider(builder.Build());
        provider.Map();
        await provider._app.StartAsync();
        provider.Issuer = provider._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return provider;
    }

    /// <summary>From now on another key signs.</summary>
    public void RotateKey()
    {
        _key.Dispose();
        _key = new();
    }

    /// <summary>As it was when it started.</summary>
    public void Reset() => (ChangeDocument, ChangeToken, Sign, ChangeAnswer, Status, RedirectsTo) = (null, null, null, null, null, null);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private void Map()
    {
        _app.Use(async (context, next) =>
        {
            if (RedirectsTo is not null)
                context.Response.Redirect(RedirectsTo);
            else if (Status is { } status)
                context.Response.StatusCode = status;
            else
                await next(context);
        });
        _app.MapGet("/.well-known/openid-configuration", () =>
        {
            var document = new JsonObject
            {
                ["issuer"] = Issuer,
                ["authorization_endpoint"] = Issuer + "/authorize",
                ["token_endpoint"] = Issuer + "/token",
                ["jwks_uri"] = Issuer + "/jwks",
                ["response_types_supported"] = new JsonArray("code", "id_token"),
                ["id_token_signing_alg_values_supported"] = new JsonArray("ES256"),
                ["code_challenge_methods_supported"] = new JsonArray("S256"),
                ["authorization_response_iss_parameter_supported"] = true,
            };
            ChangeDocument?.Invoke(document);
            return Results.Json(document);
        });
        _app.MapGet("/jwks", () =>
        {
            Interlocked.Increment(ref _keyReads);
            var jwk = _key.Jwk;
            (jwk["kid"], jwk["use"], jwk["alg"]) = (_key.Thumbprint, "sig", "ES256");
            return Results.Json(new JsonObject { ["keys"] = new JsonArray(jwk) });
        });
        _app.MapGet("/authorize", (HttpRequest request) =>
        {
            LastAuthorization = request.Query;
            var code = Guid.CreateVersion7().ToString("N");
            _codes[code] = request.Query;
            var answer = new Dictionary<string, string?> { ["code"] = code, ["state"] = request.Query["state"], ["iss"] = Issuer };
            ChangeAnswer?.Invoke(answer);
            return Results.Redirect(QueryHelpers.AddQueryString(request.Query["redirect_uri"]!, answer.Where(parameter => parameter.Value is not null)));
        });
        _app.MapPost("/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            LastTokenRequest = (form, request.Headers.Authorization.ToString());
            var proof = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
            if (!_codes.TryRemove(form["code"].ToString(), out var asked) || proof != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"])
                return Results.Json(new JsonObject { ["error"] = "invalid_grant" }, statusCode: 400);
            return Results.Json(new JsonObject { ["access_token"] = "opaque", ["token_type"] = "Bearer", ["id_token"] = Issue(asked["nonce"].ToString()) });
        });
    }

    private string Issue(string nonce)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT", ["kid"] = _key.Thumbprint };
        var claims = Person.DeepClone().AsObject();
        (claims["iss"], claims["aud"], claims["nonce"], claims["iat"], claims["exp"]) = (Issuer, ClientId, nonce, now, now + 300);
        ChangeToken?.Invoke(header, claims);
        return Sign?.Invoke(header, claims) ?? _key.Sign(header, claims);
    }
}
