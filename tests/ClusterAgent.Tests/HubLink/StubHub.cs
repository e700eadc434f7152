using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.HubLink;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>The agent's side of a Hub over real HTTP, which answers what a test says, and also what no honest Hub would.</summary>
internal sealed class StubHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Digest, byte[]> _blobs = new();
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (long Serial, byte[] Envelope)? _state;
    private string _thumbprint = EcPrivateKey.Generate().PublicKey.Thumbprint;

    private StubHub(WebApplication app)
    {
        _app = app;
        Token = EnrolmentToken.Create(Organization, Cluster, Guid.CreateVersion7());
        AnswersFor = Cluster;
    }

    public Guid Cluster { get; } = Guid.CreateVersion7();
    public Guid Organization { get; } = Guid.CreateVersion7();
    public EcPrivateKey StateKey { get; } = EcPrivateKey.Generate();
    public EnrolmentToken Token { get; }
    public Uri Address => new(_app.Urls.Single());

    /// <summary>How the agent's enrolment stands; tokens are given only to who is accepted.</summary>
    public EnrolmentStatus Standing { get; set; } = EnrolmentStatus.Accepted;

    /// <summary>The cluster that answers to an enrolment name.</summary>
    public Guid AnswersFor { get; set; }

    /// <summary>How long a question for the state is held at most.</summary>
    public TimeSpan LongestHold { get; set; } = AgentApi.LongestWait;

    public long TokenSeconds { get; set; } = 300;

    /// <summary>Answers in place of the Hub when it returns true.</summary>
    public Func<HttpContext, bool> Misbehaves { get; set; } = _ => false;

    public ConcurrentQueue<AgentReport> Reports { get; } = new();

    /// <summary>The paths that were asked for, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public AgentReport? LastReport => Reports.LastOrDefault();

    public static async Task<StubHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var hub = new StubHub(app);
        app.Run(hub.AnswerAsync);
        await app.StartAsync();
        return hub;
    }

    /// <summary>Writes what a join command would: the token, and a trust root with the Hub's key.</summary>
    public async Task JoinAsync(IClusterApi admin, string ns)
    {
        var secret = new KubernetesObject(ResourceKind.Secret, ns, LinkNames.EnrolmentSecret);
        secret.EncodeData([new("token", Token.Reveal()), new("hub", Address.ToString())]);
        await admin.ApplyAsync(secret, new("kubectl"), default);
        await TrustAsync(admin, ns, StateKey);
    }

    public static Task TrustAsync(IClusterApi admin, string ns, EcPrivateKey key)
    {
        var map = new KubernetesObject(ResourceKind.ConfigMap, ns, TrustRoot.ConfigMapName);
        map.Json["data"] = new TrustRoot(TrustMode.Hub, [new(key.PublicKey)]).ToData().ToJson();
        return admin.ApplyAsync(map, new("kubectl"), default);
    }

    /// <summary>Signs a state and wakes up who waits for one.</summary>
    public void Publish(long serial, params IReadOnlyList<DesiredInstall> installs)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var state = new DesiredState(Cluster, Organization, serial, null, now, now + DesiredState.Life, installs, new(10));
        _state = (serial, state.Sign(StateKey).ToJson());
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>An install of an application with one edition, whose manifest the Hub then has.</summary>
    public DesiredInstall Install(string ns, string name, string provisioner = "{package: '@provisioner/appengine', image: 'registry.k8s.io/pause:3.10'}")
    {
        var parsed = ManifestParser.Parse(ManifestFiles.FromText($"{{appId: sample, name: Sample, editions: [{{name: stable, spec: {{provisioner: {provisioner}}}}}]}}"));
        Assert.False(parsed.HasErrors, string.Join('\n', parsed.Diagnostics));
        var application = parsed.Applications[0];
        _blobs[application.Digest] = application.Canonical.ToArray();
        var package = provisioner == ProvisionerSpec.IgnorePackage ? provisioner : ProvisionerSpec.AppEnginePackage;
        return new(Guid.CreateVersion7(), name, ns, "acme/sample", "stable", "1.0.0", application.Digest, new(package, "builtin", null), null, null, null, false, false, []);
    }

    /// <summary>The install's part of the newest report that has it.</summary>
    public InstallReport? Told(DesiredInstall install) => LastReport?.Installs.FirstOrDefault(told => told.Id == install.Id);

    public async ValueTask DisposeAsync()
    {
        _changed.TrySetResult();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue(path);
        if (Misbehaves(http))
            return;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (path.StartsWith("/agent/v1/", StringComparison.Ordinal) && path is not (AgentApi.Enrol or AgentApi.Enrolment) && Standing != EnrolmentStatus.Accepted)
        {
            await RefuseAsync(http, HttpStatusCode.Unauthorized, "agent.revoked");
            return;
        }
        switch (path)
        {
            case "/.well-known/openid-configuration":
                await http.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["issuer"] = Issuer, ["token_endpoint"] = $"{Issuer}/token" });
                break;
            case "/token" when Standing == EnrolmentStatus.Accepted:
                await http.Response.WriteAsJsonAsync(new Dictionary<string, object> { ["access_token"] = "token", ["expires_in"] = TokenSeconds });
                break;
            case "/token":
                await RefuseAsync(http, HttpStatusCode.Unauthorized, "invalid_client");
                break;
            case AgentApi.Enrol:
                _thumbprint = EnrolmentRequest.Parse(body.ToArray()).Value.SigningKey.Thumbprint;
                goto case AgentApi.Enrolment;
            case AgentApi.Enrolment:
                await http.Response.BodyWriter.WriteAsync(
                    new EnrolmentResponse(AnswersFor, Organization, Guid.CreateVersion7(), _thumbprint, Standing, Issuer, [StateKey.PublicKey]).ToJson());
                break;
            case AgentApi.State:
                await AnswerStateAsync(http);
                break;
            case AgentApi.StateKeys:
                await http.Response.BodyWriter.WriteAsync(new StateKeySet([]).ToJson());
                break;
            case AgentApi.Reports:
                Reports.Enqueue(AgentReport.Parse(body.ToArray()).Value);
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case AgentApi.Receipts:
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            default:
                if (Digest.TryParse(path.Split('/')[^1], out var digest) && _blobs.TryGetValue(digest, out var blob))
                    await http.Response.BodyWriter.WriteAsync(blob);
                else
                    await RefuseAsync(http, HttpStatusCode.NotFound, "not_found");
                break;
        }
    }

    private string Issuer => Address.ToString().TrimEnd('/');

    private async Task AnswerStateAsync(HttpContext http)
    {
        var known = http.Request.Headers.IfNoneMatch.ToString().Trim('"');
        var changed = _changed.Task;
        if (_state is null || known == _state.Value.Serial.ToString(CultureInfo.InvariantCulture))
        {
            var asked = TimeSpan.FromSeconds(int.Parse(http.Request.Query["wait"].ToString(), CultureInfo.InvariantCulture));
            await Task.WhenAny(changed, Task.Delay(asked < LongestHold ? asked : LongestHold, http.RequestAborted));
        }
        http.Response.Headers[AgentApi.NextHeader] = "0";
        if (_state is not { } state || known == state.Serial.ToString(CultureInfo.InvariantCulture))
            http.Response.StatusCode = StatusCodes.Status304NotModified;
        else if (Standing != EnrolmentStatus.Accepted)
            await RefuseAsync(http, HttpStatusCode.Unauthorized, "agent.revoked");
        else
            await http.Response.BodyWriter.WriteAsync(state.Envelope);
    }

    public static bool Refuse(HttpContext http, HttpStatusCode status)
    {
        http.Response.StatusCode = (int)status;
        return true;
    }

    private static Task RefuseAsync(HttpContext http, HttpStatusCode status, string code)
    {
        http.Response.StatusCode = (int)status;
        return http.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["code"] = code, ["error"] = code, ["detail"] = "No." });
    }
}
