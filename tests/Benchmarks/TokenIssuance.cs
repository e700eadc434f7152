using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>
/// <c>client_credentials</c> with <c>private_key_jwt</c>: an ES256 assertion verified and remembered, an ES256 access token signed. The Hub with its database, against
/// oidc-provider on Node, which keeps everything in its memory: the same requests by the same client in turns, one process each; and against what one core can sign at all.
/// </summary>
internal static class TokenIssuance
{
    private const string ClientId = "bench", Scope = "orders:read", Resource = "https://orders.example";
    private const int Rounds = 3, Connections = 32, MostPerSecond = 12_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    /// <summary>Until both have compiled what they run often.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database, new Dictionary<string, string?>
        {
            [$"Hub__Identity__Clients__{ClientId}__Name"] = "Benchmark",
            [$"Hub__Identity__Clients__{ClientId}__PublicKeys__0"] = JwkOf(key, withPrivate: false).ToJsonString(),
            [$"Hub__Identity__Clients__{ClientId}__Grants__0"] = "client_credentials",
            [$"Hub__Identity__Clients__{ClientId}__Scopes__0"] = Scope,
            [$"Hub__Identity__Clients__{ClientId}__Resources__0"] = Resource,
        });
        var program = await Npm.InstallAsync("NodeOidcProvider");
        try
        {
            using var other = Node.Start(program, "server.mjs");
            try
            {
                return await CompareAsync(hub.Address, await StartAsync(other, key), key);
            }
            finally
            {
                other.Kill();
                await other.WaitForExitAsync();
            }
        }
        finally
        {
            program.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Figure>> CompareAsync(Uri hub, Uri other, ECDsa key)
    {
        var (ours, theirs) = (new List<double>(), new List<double>());
        await MeasureAsync(hub, "/connect/token", key, WarmUp);
        await MeasureAsync(other, "/token", key, WarmUp);
        for (var i = 0; i < Rounds; i++)
        {
            ours.Add(await MeasureAsync(hub, "/connect/token", key, Duration));
            theirs.Add(await MeasureAsync(other, "/token", key, Duration));
        }
        var signatures = await SignaturesPerSecondAsync();
        var connections = Connections.ToString(CultureInfo.InvariantCulture);
        return
        [
            Figure.Of($"client_credentials with private_key_jwt, {connections} connections (median of {Rounds} × {Duration.TotalSeconds} s)", Figure.Median(ours), "tokens/s"),
            Figure.Of("oidc-provider on Node, same requests, nothing stored on disk", Figure.Median(theirs), "tokens/s"),
            Figure.Of("the Hub as a multiple of oidc-provider", Figure.Median(ours) / Figure.Median(theirs), "×"),
            Figure.Of("openssl speed ecdsap256, one core", signatures, "signatures/s"),
            Figure.Of("the Hub as a share of that", 100 * Figure.Median(ours) / signatures, "%"),
        ];
    }

    /// <summary>The assertions are made beforehand, each good once.</summary>
    private static async Task<double> MeasureAsync(Uri provider, string path, ECDsa key, TimeSpan duration)
    {
        var (next, requests) = (-1, RequestsTo(provider, path, key, (int)(MostPerSecond * duration.TotalSeconds)));
        return await Load.RunAsync(provider, () => requests[Interlocked.Increment(ref next)], Connections, duration);
    }

    private static byte[][] RequestsTo(Uri provider, string path, ECDsa key, int count)
    {
        var issuer = provider.GetLeftPart(UriPartial.Authority);
        var now = TimeProvider.System.GetUtcNow();
        var header = Base64Url.EncodeToString("""{"alg":"ES256","typ":"JWT"}"""u8);
        var pkcs8 = key.ExportPkcs8PrivateKey();
        var requests = new byte[count][];
        Parallel.For(0, count, () =>
        {
            var own = ECDsa.Create();
            own.ImportPkcs8PrivateKey(pkcs8, out _);
            return own;
        }, (i, _, own) =>
        {
            var claims = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["iss"] = ClientId,
                ["sub"] = ClientId,
                ["aud"] = issuer,
                ["jti"] = Guid.CreateVersion7().ToString("N"),
                ["iat"] = now.ToUnixTimeSeconds(),
                ["exp"] = now.AddMinutes(4).ToUnixTimeSeconds(),
            });
            var signed = $"{header}.{Base64Url.EncodeToString(claims)}";
            var assertion = $"{signed}.{Base64Url.EncodeToString(own.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
            var body = $"grant_type=client_credentials&scope={Uri.EscapeDataString(Scope)}&client_id={ClientId}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}";
            requests[i] = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {provider.Authority}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            return own;
        }, own => own.Dispose());
        return requests;
    }

    private static async Task<Uri> StartAsync(Process other, ECDsa clientKey)
    {
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var address = HubProcess.FreeAddress();
        await other.StandardInput.WriteLineAsync(new JsonObject
        {
            ["issuer"] = address.GetLeftPart(UriPartial.Authority),
            ["clientId"] = ClientId,
            ["clientKey"] = JwkOf(clientKey, withPrivate: false),
            ["signingKey"] = JwkOf(signingKey, withPrivate: true),
            ["resource"] = Resource,
            ["scope"] = Scope,
        }.ToJsonString());
        await other.StandardInput.FlushAsync();
        var said = "";
        while (await other.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "ready")
            {
                _ = other.StandardOutput.ReadToEndAsync();
                _ = other.StandardError.ReadToEndAsync();
                return address;
            }
            said += line + "\n";
        }
        throw new InvalidOperationException($"oidc-provider did not start:\n{said}{await other.StandardError.ReadToEndAsync()}");
    }

    private static async Task<double> SignaturesPerSecondAsync()
    {
        var outcome = (await Tool.RunAsync("openssl", ["speed", "-seconds", "3", "-mr", "ecdsap256"])).Succeeded();
        // +F4:<which>:<bits>:<signatures per second>:<verifications per second>
        return double.Parse(outcome.Output.Split('\n').Last(line => line.StartsWith("+F4:", StringComparison.Ordinal)).Split(':')[3], CultureInfo.InvariantCulture);
    }

    private static JsonObject JwkOf(ECDsa key, bool withPrivate)
    {
        var parameters = key.ExportParameters(withPrivate);
        var jwk = new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(parameters.Q.X), ["y"] = Base64Url.EncodeToString(parameters.Q.Y), ["alg"] = "ES256", ["use"] = "sig" };
        if (withPrivate)
            jwk["d"] = Base64Url.EncodeToString(parameters.D);
        return jwk;
    }
}
