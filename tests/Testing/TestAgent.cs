using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.Testing;

/// <summary>
/// A cluster agent as a test plays it: keys of its own, real proofs, real HTTP, and no opinion about what it gets. <paramref name="client"/> may reach another
/// replica than <paramref name="publicUrl"/>, which is the address that proofs are bound to.
/// </summary>
public sealed class TestAgent(HttpClient client, EnrolmentToken token, Uri? publicUrl = null, TimeProvider? clock = null) : IDisposable
{
    private readonly Uri _publicUrl = publicUrl ?? client.BaseAddress!;
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    public EnrolmentToken Token { get; } = token;
    public Guid Organization => Token.Organization;
    public Guid Cluster => Token.Cluster;

    /// <summary>The agent key. Setting it anew makes this another agent.</summary>
    public EcPrivateKey Key { get; set; } = EcPrivateKey.Generate();

    public EcPrivateKey SealingKey { get; } = EcPrivateKey.Generate();
    public string Thumbprint => Key.PublicKey.Thumbprint;

    /// <summary>UID of <c>kube-system</c>.</summary>
    public string ClusterUid { get; init; } = Guid.CreateVersion7().ToString();

    /// <summary>The last access token; null before the first.</summary>
    public string? AccessToken { get; set; }

    /// <summary>How the agent gets its tokens: at the Hub's token endpoint, unless a test has them made otherwise.</summary>
    public Func<TestAgent, Task<string>> Authenticate { get; init; } = agent => agent.RequestTokenAsync();

    /// <summary>A valid enrolment request, now.</summary>
    public EnrolmentRequest NewEnrolmentRequest(TimeSpan clockOff = default) =>
        EnrolmentRequest.Create(Token, Key, SealingKey.PublicKey, ClusterUid, "0.1.0", "v1.32.0", "test", _clock.GetUtcNow() + clockOff);

    /// <summary>Asks to join.</summary>
    public Task<HttpResponseMessage> EnrolAsync(EnrolmentRequest? request = null, string? token = null)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, AgentApi.Enrol) { Content = Json((request ?? NewEnrolmentRequest()).ToJson()) };
        message.Headers.Authorization = new(AgentApi.EnrolmentScheme, token ?? Token.Reveal());
        return client.SendAsync(message);
    }

    /// <summary>Asks where its enrolment stands, with nothing but its key.</summary>
    public Task<HttpResponseMessage> AskStandingAsync(Guid? organization = null)
    {
        var path = AgentApi.EnrolmentOf(organization ?? Organization, Cluster);
        var message = new HttpRequestMessage(HttpMethod.Get, path);
        message.Headers.Add(DpopProof.HeaderName, DpopProof.Create(Key, "GET", new Uri(_publicUrl, path), _clock.GetUtcNow()));
        return client.SendAsync(message);
    }

    /// <summary>The last access token, or the first.</summary>
    public async Task<string> TokenAsync() => AccessToken ??= await Authenticate(this);

    /// <summary>Asks for an access token: <c>client_credentials</c> with <c>private_key_jwt</c> and DPoP.</summary>
    public Task<HttpResponseMessage> AskTokenAsync()
    {
        var issuer = _publicUrl.GetLeftPart(UriPartial.Authority);
        var endpoint = new Uri(_publicUrl, "/connect/token");
        var message = new HttpRequestMessage(HttpMethod.Post, "/connect/token")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["scope"] = AgentApi.Scope,
                ["client_assertion_type"] = ClientAssertion.Type,
                ["client_assertion"] = ClientAssertion.Create(Key, AgentApi.ClientId(Organization, Cluster), issuer, _clock.GetUtcNow()),
            }),
        };
        message.Headers.Add(DpopProof.HeaderName, DpopProof.Create(Key, "POST", endpoint, _clock.GetUtcNow()));
        return client.SendAsync(message);
    }

    /// <summary>A state poll.</summary>
    /// <param name="known">The serial it has; null for none.</param>
    public async Task<HttpResponseMessage> PollAsync(int wait = 0, long? known = null, CancellationToken ct = default)
    {
        var message = await NewRequestAsync(HttpMethod.Get, $"{AgentApi.State}?wait={wait}");
        if (known is not null)
            message.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{known}\""));
        return await client.SendAsync(message, ct);
    }

    /// <summary>The newest state's envelope and what is in it, unverified.</summary>
    public async Task<(byte[] Envelope, DesiredState State)> FetchStateAsync()
    {
        using var response = await PollAsync();
        response.EnsureSuccessStatusCode();
        var envelope = await response.Content.ReadAsByteArrayAsync();
        return (envelope, DesiredState.Parse(Convert.FromBase64String(DsseEnvelope.Parse(envelope).Value.Payload)).Value);
    }

    public Task<HttpResponseMessage> FetchBlobAsync(string digest) => SendAsync(HttpMethod.Get, $"/agent/v1/blobs/{digest}");

    public Task<HttpResponseMessage> ReportAsync(AgentReport report) => SendAsync(HttpMethod.Post, AgentApi.Reports, report.ToJson());

    public Task<HttpResponseMessage> SendReceiptAsync(DsseEnvelope receipt) => SendAsync(HttpMethod.Post, AgentApi.Receipts, receipt.ToJson());

    /// <summary>A report about a state.</summary>
    public AgentReport NewReport(DesiredState state, IReadOnlyList<InstallReport>? installs = null, IReadOnlyList<ReportedRefusal>? refusals = null) => new(
        Cluster, "0.1.0", "v1.32.0", [], state.Serial, state.ToDigest(), Now(), installs ?? [], refusals ?? []);

    /// <summary>The agent's clock as the protocol writes it: whole seconds.</summary>
    public DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(_clock.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>Any request with the agent's token and a proof.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[]? json = null)
    {
        var message = await NewRequestAsync(method, path);
        message.Content = json is null ? null : Json(json);
        return await client.SendAsync(message);
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpRequestMessage> NewRequestAsync(HttpMethod method, string path)
    {
        var token = await TokenAsync();
        var message = new HttpRequestMessage(method, path);
        message.Headers.Authorization = new("DPoP", token);
        message.Headers.Add(DpopProof.HeaderName, DpopProof.Create(Key, method.Method, new Uri(_publicUrl, path), _clock.GetUtcNow(), token));
        return message;
    }

    private async Task<string> RequestTokenAsync()
    {
        using var response = await AskTokenAsync();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return response.IsSuccessStatusCode ? answer.GetProperty("access_token").GetString()! : throw new InvalidOperationException($"No token: {answer}");
    }

    private static ByteArrayContent Json(byte[] json) => new(json) { Headers = { ContentType = new("application/json") } };
}
