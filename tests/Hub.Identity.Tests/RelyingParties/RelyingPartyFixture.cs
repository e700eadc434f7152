using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>
/// A provider, and what came of each flow that each library went through with it: a process of Node for each library, and a person at a browser for the two of
/// them. The libraries come from npm, unmodified, as <c>package-lock.json</c> names them; <c>infra/test</c> installs them.
/// </summary>
public sealed class RelyingPartyFixture : IdentityFixture
{
    private const string InstalledVariable = "CODEZERO_RELYING_PARTIES";
    private const string RedirectUri = "https://rp.example/cb", PostLogoutRedirectUri = "https://rp.example/out";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly ECDsa _ecKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Dictionary<string, IReadOnlyDictionary<string, string?>> _outcomes = [];

    /// <summary>What came of each flow of a library, in order: null for success, else what it said.</summary>
    public IReadOnlyDictionary<string, string?> OutcomesOf(string library) => _outcomes[library];

    protected override IReadOnlyDictionary<string, string?> MoreSettings
    {
        get
        {
            var settings = new Dictionary<string, string?>();
            Add("rp-public");
            Add("rp-es256-id-token", ("IdTokenAlgorithm", "ES256"));
            Add("rp-pushing", ("RequirePar", "true"));
            Add("rp-bound", ("RequireDpop", "true"));
            Add("rp-es256", ("PublicKeys:0", JwkOf(_ecKey, withPrivate: false).ToJsonString()));
            Add("rp-ps256", ("PublicKeys:0", RsaKey.Jwk.ToJsonString()), ("AssertionAlgorithm", "PS256"));
            Add("rp-secret", ("Secrets:0:Sha256", Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Secret)))));
            Add("rp-device", ("Grants:0", "urn:ietf:params:oauth:grant-type:device_code"), ("Grants:1", "refresh_token"));
            Add("rp-machine", ("PublicKeys:0", JwkOf(_ecKey, withPrivate: false).ToJsonString()), ("Grants:0", "client_credentials"), ("Scopes:3", "orders:read"), ("Resources:0", Resource));
            return settings;

            void Add(string id, params (string Name, string Value)[] more)
            {
                (string, string)[] all = [("Name", $"Relying party {id}"), ("Scopes:0", "openid"), ("Scopes:1", "email"), ("Scopes:2", "offline_access"),
                    ("RedirectUris:0", RedirectUri), ("PostLogoutRedirectUris:0", PostLogoutRedirectUri), .. more];
                foreach (var (name, value) in all)
                    settings[$"Hub:Identity:Clients:{id}:{name}"] = value;
            }
        }
    }

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        var outcomes = await Task.WhenAll(RelyingPartyTests.Libraries.Select(RunAsync));
        foreach (var (library, of) in RelyingPartyTests.Libraries.Zip(outcomes))
            _outcomes[library] = of;
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _ecKey.Dispose();
    }

    private async Task<IReadOnlyDictionary<string, string?>> RunAsync(string library)
    {
        var directory = Directory.CreateTempSubdirectory("codezero-relying-party-");
        try
        {
            foreach (var script in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "RelyingParties"), "*.mjs"))
                File.Copy(script, Path.Combine(directory.FullName, Path.GetFileName(script)));
            Directory.CreateSymbolicLink(Path.Combine(directory.FullName, "node_modules"), FindPackages());
            using var process = Node.Start(directory, $"{library}.mjs");
            try
            {
                return await ConverseAsync(process).WaitAsync(Deadline);
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<IReadOnlyDictionary<string, string?>> ConverseAsync(Process process)
    {
        using var person = new Person(this, await TestAccount.MakeAsync(Hub, $"person-{Guid.CreateVersion7():N}@example.com", Flow.Password));
        var said = process.StandardError.ReadToEndAsync();
        await AnswerAsync(SettingsFor(person.Email));
        var outcomes = new Dictionary<string, string?>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var message = JsonNode.Parse(line)!.AsObject();
            if (message["flow"] is { } flow)
                outcomes.Add(flow.GetValue<string>(), message["fault"]?.GetValue<string>());
            else if (message["browse"] is { } address)
                await AnswerAsync(await person.BrowseAsync(new Uri(address.GetValue<string>())));
            else
                await AnswerAsync(await person.EnterCodeAsync(new Uri(message["at"]!.GetValue<string>()), message["enterCode"]!.GetValue<string>()));
        }
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? outcomes : throw new InvalidOperationException($"Node ended with {process.ExitCode}: {await said}");

        async Task AnswerAsync(JsonNode answer)
        {
            await process.StandardInput.WriteLineAsync(answer.ToJsonString());
            await process.StandardInput.FlushAsync();
        }
    }

    private JsonObject SettingsFor(string email) => new()
    {
        ["issuer"] = Issuer,
        ["redirectUri"] = RedirectUri,
        ["postLogoutRedirectUri"] = PostLogoutRedirectUri,
        ["resource"] = Resource,
        ["email"] = email,
        ["clients"] = new JsonObject
        {
            ["public"] = new JsonObject { ["id"] = "rp-public" },
            ["es256-id-token"] = new JsonObject { ["id"] = "rp-es256-id-token", ["idTokenAlgorithm"] = "ES256" },
            ["pushing"] = new JsonObject { ["id"] = "rp-pushing" },
            ["bound"] = new JsonObject { ["id"] = "rp-bound" },
            ["es256"] = new JsonObject { ["id"] = "rp-es256", ["key"] = JwkOf(_ecKey, withPrivate: true) },
            ["ps256"] = new JsonObject { ["id"] = "rp-ps256", ["key"] = RsaKey.PrivateJwk },
            ["secret"] = new JsonObject { ["id"] = "rp-secret", ["secret"] = Secret },
            ["wrong-secret"] = new JsonObject { ["id"] = "rp-secret", ["secret"] = "wrong" },
            ["device"] = new JsonObject { ["id"] = "rp-device" },
            ["machine"] = new JsonObject { ["id"] = "rp-machine", ["key"] = JwkOf(_ecKey, withPrivate: true) },
        },
    };

    private static JsonObject JwkOf(ECDsa key, bool withPrivate)
    {
        var parameters = key.ExportParameters(withPrivate);
        var jwk = new JsonObject { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = Encode(parameters.Q.X!), ["y"] = Encode(parameters.Q.Y!) };
        if (withPrivate)
            jwk["d"] = Encode(parameters.D!);
        return jwk;
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static string FindPackages()
    {
        if (Environment.GetEnvironmentVariable(InstalledVariable) is { Length: > 0 } named)
            return Path.Combine(named, "node_modules");
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (Path.Combine(directory.FullName, ".codezero", "test", "relying-parties", "node_modules") is var path && Directory.Exists(path))
                return path;
        throw new InvalidOperationException(
            $"The libraries that these tests drive are not installed. Run infra/test, which installs them; or 'npm ci' in a copy of tests/Hub.Identity.Tests/RelyingParties, and name it in {InstalledVariable}.");
    }

    /// <summary>Somebody at a browser, who signs in and allows whatever is asked.</summary>
    private sealed class Person(IdentityFixture fixture, TestAccount account) : IDisposable
    {
        private readonly Browser _browser = new(fixture.Hub.Address);

        public string Email => account.Email;

        /// <summary>Where the browser was sent in the end.</summary>
        public async Task<JsonNode> BrowseAsync(Uri address)
        {
            var (last, elsewhere) = await _browser.FollowAsync(await _browser.GetAsync(address.PathAndQuery));
            if (elsewhere is null && _browser.Page.Contains("name=\"Input.Password\"", StringComparison.Ordinal))
                (last, elsewhere) = await _browser.FollowAsync(await _browser.SubmitAsync(("Input.Email", Email), ("Input.Password", Flow.Password)));
            if (elsewhere is null && _browser.Page.Contains("name=\"decision\"", StringComparison.Ordinal))
                (last, elsewhere) = await _browser.FollowAsync(await _browser.SubmitAsync(("decision", "allow")));
            return elsewhere?.AbsoluteUri ?? throw new InvalidOperationException($"{address} ended with {(int)last.StatusCode}: {_browser.Page}");
        }

        /// <summary>Whether the page says that the device is connected.</summary>
        public async Task<JsonNode> EnterCodeAsync(Uri page, string code)
        {
            await _browser.FollowAsync(await _browser.GetAsync(page.PathAndQuery));
            await _browser.FollowAsync(await _browser.SubmitAsync(("code", code)));
            await _browser.FollowAsync(await _browser.SubmitAsync(("decision", "allow")));
            return _browser.Page.Contains("The device is connected", StringComparison.Ordinal) ? true : throw new InvalidOperationException($"{page} did not connect the device: {_browser.Page}");
        }

        public void Dispose() => _browser.Dispose();
    }
}
