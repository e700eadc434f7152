using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.HubLink;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Tests.Cluster;
using CodeZero.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>The link holds against a Hub that errs or lies, and against one install that is wrong among others. The agent has its real rights and no more.</summary>
[Collection("cluster")]
public sealed class HubLinkTests : IAsyncLifetime
{
    private const string AgentNamespace = "codezero-system";
    private TestCluster _cluster = null!;
    private StubHub _hub = null!;
    private RunningAgent _agent = null!;
    private RunningLink? _link;

    public async Task InitializeAsync()
    {
        (_cluster, _hub) = (await TestCluster.StartAsync(), await StubHub.StartAsync());
        await _cluster.ApplyAppDefinitionAsync();
        await _hub.JoinAsync(_cluster.Admin, AgentNamespace);
    }

    public async Task DisposeAsync()
    {
        if (_link is not null)
            await _link.DisposeAsync();
        if (_agent is not null)
            await _agent.DisposeAsync();
        await _hub.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task An_install_that_the_cluster_refuses_does_not_keep_the_next_from_its_turn()
    {
        // The first install's namespace was refused by an admission webhook, and all after it in the state were never looked at.
        var (refused, good) = (_hub.Install(_cluster.NewNamespace(), "first"), _hub.Install(_cluster.NewNamespace(), "second"));
        _hub.Publish(1, refused, good);
        Start(new FaultyApi(_cluster.Agent, item => item.Kind == ResourceKind.Namespace && item.Name == refused.Namespace
            ? throw new ClusterApiException(HttpStatusCode.Forbidden, "Forbidden", "admission webhook denied the request")
            : false));

        await ToldAsync(good, told => told?.Phase == InstallPhase.Healthy);
        Assert.Equal(InstallPhase.Refused, (await ToldAsync(refused, told => told?.Phase == InstallPhase.Refused))!.Phase);
        Assert.Contains("admission webhook", _hub.LastReport!.Refusals.Single(refusal => refusal.Install == refused.Id).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_cannot_be_had_holds_up_its_own_install_only_and_is_asked_for_again()
    {
        // One damaged row in the Hub answered 500, and the cluster took on no state any more.
        var (lacking, good) = (_hub.Install(_cluster.NewNamespace(), "first"), _hub.Install(_cluster.NewNamespace(), "second", "ignore"));
        _hub.Misbehaves = http => http.Request.Path == AgentApi.Blob(lacking.Manifest) && StubHub.Refuse(http, HttpStatusCode.InternalServerError);
        _hub.Publish(1, lacking, good);
        Start();

        // `provisioner: ignore` is pinned as the package `ignore`, which the agent did not know.
        await ToldAsync(good, told => told?.Phase == InstallPhase.Healthy);
        Assert.Contains(_hub.LastReport!.Refusals, refusal => refusal.Code == RefusalCode.BlobMissing && refusal.Install == lacking.Id);

        _hub.Misbehaves = _ => false;
        await ToldAsync(lacking, told => told?.Phase == InstallPhase.Healthy);
    }

    [Fact]
    public async Task A_Hub_that_takes_no_receipts_does_not_cut_the_cluster_off()
    {
        _hub.Misbehaves = http => http.Request.Path == AgentApi.Receipts && StubHub.Refuse(http, HttpStatusCode.UnprocessableEntity);
        _hub.Publish(1);
        Start();
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 1);

        _hub.Publish(2);

        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 2);
    }

    [Fact]
    public async Task A_revoked_agent_says_so_stops_asking_for_states_and_leaves_what_runs()
    {
        var install = _hub.Install(_cluster.NewNamespace(), "web");
        _hub.Publish(1, install);
        Start();
        await ToldAsync(install, told => told?.Phase == InstallPhase.Healthy);

        _hub.Standing = EnrolmentStatus.Refused;
        _hub.Publish(2);

        await Eventually.HoldsAsync(async () => await StatusAsync() == "refused");
        var asked = _hub.Requests.Count(path => path is AgentApi.State or "/token");
        var standing = _hub.Requests.Count(path => path == AgentApi.Enrolment);
        await Eventually.HoldsAsync(() => _hub.Requests.Count(path => path == AgentApi.Enrolment) > standing + 1);
        Assert.Equal(asked, _hub.Requests.Count(path => path is AgentApi.State or "/token"));
        Assert.NotNull(await _cluster.Admin.FindAsync(new(ResourceKind.Deployment, install.Namespace, install.Name), default));

        _hub.Standing = EnrolmentStatus.Accepted;
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 2, TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_Hub_that_answers_for_another_cluster_than_the_tokens_is_not_joined()
    {
        // It would bring approvals here that the customer gave for that other cluster.
        _hub.AnswersFor = Guid.CreateVersion7();
        Start();

        await Eventually.HoldsAsync(async () => await StatusAsync() == "refused");
        Assert.Null((await new AgentVault(_cluster.Admin, AgentNamespace).ReadAsync(default))!.Membership);
    }

    [Fact]
    public async Task A_Hub_over_plain_http_on_another_machine_is_not_joined_and_it_is_said_what_to_do()
    {
        var secret = new KubernetesObject(ResourceKind.Secret, AgentNamespace, LinkNames.EnrolmentSecret);
        secret.EncodeData([new("token", _hub.Token.Reveal()), new("hub", "http://hub.invalid/")]);
        await _cluster.Admin.ApplyAsync(secret, new("kubectl"), default);
        Start();

        await Eventually.HoldsAsync(async () => await StatusAsync() == "refused");
        var map = await _cluster.Admin.FindAsync(new(ResourceKind.ConfigMap, AgentNamespace, LinkNames.AgentConfigMap), default);
        Assert.Contains("Give the Hub an https address", map!.Json.Text("data", "message"), StringComparison.Ordinal);
    }

    /// <summary>Somebody edited an App that had been approved, and the revision it carried still said that all was well.</summary>
    [Fact]
    public async Task An_app_that_somebody_edits_is_put_back_as_it_was_approved_unless_it_is_paused()
    {
        var install = _hub.Install(_cluster.NewNamespace(), "web");
        var app = new AppKey(install.Namespace, install.Name);
        _hub.Publish(1, install);
        Start();
        await ToldAsync(install, told => told?.Phase == InstallPhase.Healthy);
        var approved = (await _cluster.Admin.FindAsync(app.Ref, default))!.Spec!.ToJsonString();

        await EditAsync("""{"spec":{"provisioner":{"image":"example.com/other:1","configs":{"MODE":"theirs"}}}}""");
        await Eventually.HoldsAsync(async () => (await _cluster.Admin.FindAsync(app.Ref, default))!.Spec!.ToJsonString() == approved);
        await ToldAsync(install, told => told is { Phase: InstallPhase.Healthy, Drift: > 0 });
        Assert.Null(await _cluster.Admin.FindAsync(new(ResourceKind.ConfigMap, app.Namespace, "web-config"), default));

        // A label that says another edition changes no generation, and what is rendered all the same. One of their own is theirs.
        await EditAsync("""{"metadata":{"labels":{"system.codezero.io/edition":"other","team":"blue"}}}""");
        await Eventually.HoldsAsync(async () => (await _cluster.Admin.FindAsync(app.Ref, default))!.Label(AppNames.EditionLabel) == "stable");
        Assert.Equal("blue", (await _cluster.Admin.FindAsync(app.Ref, default))!.Label("team"));

        // Edited while the agent was away: the next one sees it too.
        await RestartAsync(() => EditAsync("""{"spec":{"provisioner":{"image":"example.com/other:2"}}}"""));
        await Eventually.HoldsAsync(async () => (await _cluster.Admin.FindAsync(app.Ref, default))!.Spec!.ToJsonString() == approved);

        _hub.Publish(2, install with { Paused = true });
        await ToldAsync(install, told => told?.Phase == InstallPhase.Paused);
        await EditAsync("""{"spec":{"provisioner":{"image":"registry.k8s.io/pause:3.9"}}}""");
        _hub.Publish(3, install with { Paused = true });
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 3);
        Assert.NotEqual(approved, (await _cluster.Admin.FindAsync(app.Ref, default))!.Spec!.ToJsonString());

        Task EditAsync(string patch) => _cluster.Admin.PatchAsync(app.Ref, PatchType.Merge, System.Text.Json.Nodes.JsonNode.Parse(patch)!, new("kubectl-edit"), default);
    }

    [Fact]
    public async Task A_token_that_was_refused_for_a_passing_reason_is_tried_again()
    {
        // The clock was put right, but the agent waited for another token.
        _hub.Misbehaves = http => http.Request.Path.StartsWithSegments("/agent") && StubHub.Refuse(http, HttpStatusCode.BadRequest);
        Start();
        await Eventually.HoldsAsync(async () => await StatusAsync() == "refused");

        _hub.Misbehaves = _ => false;

        await Eventually.HoldsAsync(async () => await StatusAsync() == "accepted");
    }

    [Fact]
    public async Task Times_that_no_clock_can_hold_do_not_end_the_agent()
    {
        _hub.TokenSeconds = long.MaxValue;
        _hub.Publish(1);
        _hub.Misbehaves = http =>
        {
            http.Response.Headers.RetryAfter = "2147483647";
            return http.Request.Path == AgentApi.Reports && StubHub.Refuse(http, HttpStatusCode.ServiceUnavailable);
        };
        var secrets = new AgentSecrets(EcPrivateKey.Generate(), EcPrivateKey.Generate(), null);
        using var http = HubApi.CreateHttpClient(allowInsecure: false);
        using var api = new HubApi(http, new(_hub.Address, _hub.Cluster, _hub.Organization, _hub.Address.ToString().TrimEnd('/')), secrets.Signing, TimeProvider.System);

        Assert.NotNull((await api.GetStateAsync(null, TimeSpan.Zero, default)).Envelope);
        var refused = await Assert.ThrowsAsync<HubException>(() => api.PostReportAsync("{}"u8.ToArray(), default));
        Assert.Equal(TimeSpan.FromHours(1), refused.RetryAfter);
    }

    [Fact]
    public async Task An_older_state_is_refused_also_when_the_trust_root_could_not_be_read_at_the_start()
    {
        _hub.Publish(5);
        Start();
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 5);
        await RestartAsync(async () =>
        {
            await _cluster.Admin.DeleteAsync(new(ResourceKind.ConfigMap, AgentNamespace, TrustRoot.ConfigMapName), new(), default);
            _hub.Misbehaves = http => http.Request.Path == AgentApi.State && StubHub.Refuse(http, HttpStatusCode.ServiceUnavailable);
            _hub.Publish(3);
        });
        await Eventually.HoldsAsync(() => _hub.LastReport is { Serial: null } report && report.Refusals.Any(refusal => refusal.Code == RefusalCode.TrustUnreadable));

        await StubHub.TrustAsync(_cluster.Admin, AgentNamespace, _hub.StateKey);
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 5);
        _hub.Misbehaves = _ => false;

        await Eventually.HoldsAsync(() => _hub.LastReport is { Serial: 5 } report && report.Refusals.Any(refusal => refusal.Code == RefusalCode.StateRollback), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_key_taken_out_of_the_trust_root_ends_what_it_signed_while_the_agent_runs()
    {
        _hub.LongestHold = TimeSpan.FromSeconds(1);
        _hub.Publish(1);
        Start();
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 1);

        await StubHub.TrustAsync(_cluster.Admin, AgentNamespace, EcPrivateKey.Generate());

        await Eventually.HoldsAsync(() => _hub.LastReport is { Serial: null } report && report.Refusals.Any(refusal => refusal.Code == RefusalCode.StateSignature));
    }

    /// <summary>While nobody trusted who signed the last state, its serial was forgotten: a Hub that held its answer until the key was trusted again could go back.</summary>
    [Fact]
    public async Task An_older_state_is_refused_also_when_it_was_asked_for_while_the_last_one_did_not_count()
    {
        _hub.LongestHold = TimeSpan.FromSeconds(1);
        _hub.Publish(5);
        Start();
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 5);
        using var asked = new SemaphoreSlim(0);
        using var answer = new ManualResetEventSlim();
        _hub.Misbehaves = http =>
        {
            if (http.Request.Path == AgentApi.State && http.Request.Headers.IfNoneMatch.Count == 0)
            {
                asked.Release();
                answer.Wait(TimeSpan.FromMinutes(1));
            }
            return false;
        };

        await StubHub.TrustAsync(_cluster.Admin, AgentNamespace, EcPrivateKey.Generate());
        Assert.True(await asked.WaitAsync(TimeSpan.FromMinutes(1)));
        _hub.Publish(3);
        await StubHub.TrustAsync(_cluster.Admin, AgentNamespace, _hub.StateKey);
        answer.Set();

        var report = await Eventually.GetAsync(() => Task.FromResult(_hub.LastReport), report => report?.Serial is not null && report.Serial != 5 || report?.Refusals.Any(refusal => refusal.Code == RefusalCode.StateRollback) == true);
        Assert.Contains(report!.Refusals, refusal => refusal.Code == RefusalCode.StateRollback);
    }

    /// <summary>A state that could not be saved was taken up from memory as if it had been, and no restart would have found it.</summary>
    [Fact]
    public async Task A_state_counts_only_when_it_is_kept()
    {
        _hub.Publish(1);
        var writes = 0;
        Start(new FaultyApi(_cluster.Agent, item => item.Kind == ResourceKind.Secret && item.Name == StateArchive.IndexName && Interlocked.Increment(ref writes) == 1
            ? throw new ClusterApiException(HttpStatusCode.TooManyRequests, "TooManyRequests", "slow down")
            : false));
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 1);

        await RestartAsync(() =>
        {
            _hub.Misbehaves = http => http.Request.Path == AgentApi.State && StubHub.Refuse(http, HttpStatusCode.ServiceUnavailable);
            return Task.CompletedTask;
        });

        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 1);
    }

    [Fact]
    public async Task What_is_paused_is_not_removed_until_it_goes_on()
    {
        var install = _hub.Install(_cluster.NewNamespace(), "web");
        _hub.Publish(1, install);
        Start();
        await ToldAsync(install, told => told?.Phase == InstallPhase.Healthy);

        _hub.Publish(2, install with { Removed = true, Paused = true });
        await Eventually.HoldsAsync(() => _hub.LastReport?.Serial == 2 && _hub.Told(install)?.Phase == InstallPhase.Paused);
        Assert.False((await _cluster.Admin.FindAsync(new AppKey(install.Namespace, install.Name).Ref, default))!.IsTerminating);

        _hub.Publish(3, install with { Removed = true });
        await ToldAsync(install, told => told?.Phase == InstallPhase.Removed);
        Assert.Null(await _cluster.Admin.FindAsync(new AppKey(install.Namespace, install.Name).Ref, default));
    }

    private void Start(IClusterApi? api = null)
    {
        _agent ??= RunningAgent.Start(api ?? _cluster.Agent);
        _link = RunningLink.Start(api ?? _cluster.Agent, _agent.Store);
    }

    private async Task RestartAsync(Func<Task> meanwhile)
    {
        await _link!.DisposeAsync();
        await meanwhile();
        _hub.Reports.Clear();
        Start();
    }

    private Task<InstallReport?> ToldAsync(DesiredInstall install, Func<InstallReport?, bool> satisfies) =>
        Eventually.GetAsync(() => Task.FromResult(_hub.Told(install)), satisfies, TimeSpan.FromSeconds(40));

    private async Task<string?> StatusAsync() =>
        (await _cluster.Admin.FindAsync(new(ResourceKind.ConfigMap, AgentNamespace, LinkNames.AgentConfigMap), default))?.Json.Text("data", "status");

    private sealed class RunningLink : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public static RunningLink Start(IClusterApi api, IAppStore apps) => new(api, apps);

        private RunningLink(IClusterApi api, IAppStore apps) =>
            _running = new CodeZero.ClusterAgent.HubLink.HubLink(api, apps, AgentNamespace, allowInsecureHub: false, TimeProvider.System, NullLoggerFactory.Instance).RunAsync(_stop.Token);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
