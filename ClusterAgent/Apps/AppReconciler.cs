using System.Net;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;
using CodeZero.ClusterAgent.Provisioners;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>What to do after one pass over an App.</summary>
/// <param name="Retry">It failed in a way that time may heal.</param>
/// <param name="After">Look again after this time.</param>
/// <param name="Owned">Kinds of which the App has objects, to be watched.</param>
internal sealed record ReconcileResult(long Generation, bool Retry, TimeSpan? After, IReadOnlyCollection<ResourceKind> Owned);

/// <summary>
/// One pass over one App: read what is desired and what is there, render, hold it to the policy, apply the difference, judge the health, write the status.
/// Every pass begins from the cluster's state, so a pass that was cut short is simply continued by the next.
/// </summary>
internal sealed partial class AppReconciler(IClusterApi api, NamespaceGate gate, AppControllerOptions options, TimeProvider clock, ILogger<AppReconciler> log)
{
    private readonly AppRemoval _removal = new(api, gate, options);

    /// <summary>Null when there is no such App.</summary>
    public async Task<ReconcileResult?> ReconcileAsync(AppKey key, CancellationToken ct)
    {
        if (await api.FindAsync(key.Ref, ct) is not { } found)
            return null;
        var app = new AppResource(found);
        var owned = new HashSet<ResourceKind>();
        AppOutcome? outcome;
        try
        {
            outcome = app.Object.IsTerminating ? await _removal.RunAsync(app, ct) : await ConvergeAsync(app, owned, ct);
        }
        catch (ClusterApiException e) when (e.Code == HttpStatusCode.Forbidden && gate.MayNotKnowYet(key.Namespace))
        {
            return new(app.Object.Generation, false, options.WavePoll, owned);
        }
        catch (ClusterApiException e)
        {
            outcome = new(app.Object.IsTerminating ? AppProgress.Terminating : AppProgress.Failed) { Problems = [.. Problems.From(e, null)], WorthRetrying = true };
        }
        if (outcome is null)
        {
            Removed(log, key);
            return null;
        }
        await WriteStatusAsync(app, outcome, ct);
        return new(app.Object.Generation, outcome.WorthRetrying, outcome.LookAgainAfter, owned);
    }

    private async Task<AppOutcome> ConvergeAsync(AppResource app, HashSet<ResourceKind> owned, CancellationToken ct)
    {
        var checks = new AppChecks();
        var ns = app.Key.Namespace;
        var settings = await ReadSettingsAsync(ct);

        var (spec, provisioner, problems) = ProvisionerCatalog.Resolve(app);
        if (spec is null || provisioner is null)
            return checks.Fail(AppConditions.Rendered, problems);
        var (policy, unreadable) = await ReadPolicyAsync(ct);
        if (policy is null)
            return checks.Fail(AppConditions.Permitted, AppChecks.Refusals([unreadable!]));
        if (PolicyCheck.App(policy, ns, options.Namespace, app.Publisher).ToList() is { Count: > 0 } refused)
            return checks.Fail(AppConditions.Permitted, AppChecks.Refusals(refused));
        if (await gate.RefuseAsync(ns, policy, ct) is { } closed)
            return checks.Fail(AppConditions.Permitted, [closed]);

        // From here on there may be something to take away again when the App goes.
        if (!app.HasFinalizer)
            await AddFinalizerAsync(app, ct);
        var asApp = await gate.ActInAsync(ns, ct);

        // Answers come in a Secret, also to an App that has no Secret of its own.
        owned.Add(ResourceKind.Secret);
        var store = new InventoryStore(asApp, app);
        var inventory = await store.LoadAsync(ct);
        var (inputs, unusable) = await AppInputs.GatherAsync(asApp, app.Key, ct);
        if (inputs is null)
            return checks.Fail(AppConditions.Rendered, [unusable!]);

        var rendered = provisioner.Render(Context(app, spec, settings, inputs, new Fingerprint(inventory.Key), await ServesHttpRoutesAsync(ct)));
        if (rendered.Errors.Count > 0)
            return checks.Fail(AppConditions.Rendered, rendered.Errors);
        checks.Hold(AppConditions.Rendered);
        if (await CheckObjectsAsync(policy, ns, rendered.Objects, ct) is { Count: > 0 } forbidden)
            return checks.Fail(AppConditions.Permitted, AppChecks.Refusals(forbidden));
        checks.Hold(AppConditions.Permitted);
        checks.Note(AppConditions.Routed, rendered.Notes);

        owned.UnionWith(rendered.Objects.Select(item => item.Kind));
        var live = await ReadAsync(asApp, rendered.Objects.Select(item => item.Ref), ct);
        var plan = ApplyPlan.Make(app.Key, rendered.Objects, inventory, live);
        var applied = await new Applier(asApp, app.Key, store).ApplyAsync(plan, inventory, app.KeepsVolumes, ct);
        if (applied.Corrected > 0)
            Corrected(log, app.Key, applied.Corrected);
        if (applied.Problems.Any(problem => problem.Code == Problems.Forbidden) && gate.MayNotKnowYet(ns))
            return checks.Wait(AppConditions.Applied, "The API server has not taken up the namespace's role yet.", options.WavePoll);
        if (applied.Problems.Count > 0)
            return checks.Fail(AppConditions.Applied, applied.Problems) with { WorthRetrying = true, DriftCorrected = applied.Corrected };
        if (applied.Waiting)
            return checks.Wait(AppConditions.Applied, "Waiting for what was written to be taken up by its controllers.", options.WavePoll) with { DriftCorrected = applied.Corrected };
        checks.Hold(AppConditions.Applied);

        var revision = Revision(new Fingerprint(inventory.Key), rendered.Objects);
        return await JudgeAsync(app, asApp, checks, rendered, revision, settings, ct) with { Revision = revision, DriftCorrected = applied.Corrected };
    }

    private RenderContext Context(AppResource app, EditionSpec spec, AgentSettings settings, AppInputs inputs, Fingerprint fingerprint, bool servesHttpRoutes) => new()
    {
        App = app.Key,
        Uid = app.Uid,
        Edition = app.Edition,
        Spec = spec,
        Settings = options.ReadyDeadline is { } deadline ? settings with { ReadyDeadline = deadline } : settings,
        Answers = inputs.Answers,
        ExistingConfigs = inputs.Configs,
        ExistingSecrets = inputs.Secrets,
        ExistingClaims = inputs.Claims,
        ServesHttpRoutes = servesHttpRoutes,
        Generate = PasswordGenerator.Generate,
        Fingerprint = fingerprint,
    };

    private async Task<AppOutcome> JudgeAsync(
        AppResource app, IClusterApi asApp, AppChecks checks, RenderResult rendered, string revision, AgentSettings settings, CancellationToken ct)
    {
        var live = await ReadAsync(asApp, rendered.Objects.Select(item => item.Ref), ct);
        var pods = rendered.Objects.Count == 0 ? [] : (await asApp.ListAsync(ResourceKind.Pod, new(app.Key.Namespace, $"{AppNames.IdLabel}={app.Key.Id}"), ct)).Items;
        var startedAt = AppStatusRules.RolloutStartedAt(app.Status, new(AppProgress.InProgress) { Revision = revision }, clock.GetUtcNow());
        var deadline = (options.ReadyDeadline ?? settings.ReadyDeadline) + rendered.StartupBudget;
        var health = AppHealth.Judge([.. rendered.Objects.Select(item => (item.Ref, live.GetValueOrDefault(item.Ref)))], pods, clock.GetUtcNow() - startedAt > deadline);

        var outcome = health.State switch
        {
            HealthState.Current => checks.Succeed(AppConditions.Healthy),
            HealthState.Failed => checks.Fail(AppConditions.Healthy, health.Problems) with { LookAgainAfter = options.Resync },
            _ => checks.Wait(AppConditions.Healthy, health.Problems[0].ToString(), options.HealthPoll) with { Problems = health.Problems },
        };
        return outcome with { ObjectsReady = health.Ready, ObjectsTotal = health.Total, Images = health.Images };
    }

    /// <summary>Whether an App's rendered objects keep to the policy.</summary>
    internal async Task<List<PolicyRefusal>> CheckObjectsAsync(LocalPolicy policy, string ns, IReadOnlyList<KubernetesObject> objects, CancellationToken ct)
    {
        var scopes = new Dictionary<ResourceKind, bool?>();
        foreach (var kind in objects.Select(item => item.Kind).Distinct())
            scopes[kind] = (await api.FindMappingAsync(kind, ct))?.Namespaced;
        return [.. PolicyCheck.Objects(policy, ns, objects, kind => scopes[kind])];
    }

    /// <summary>Renders without anything being there yet, and holds it to the policy. Writes nothing.</summary>
    public async Task<IReadOnlyList<AppProblem>> PreviewAsync(AppResource app, IReadOnlyDictionary<string, string>? answers, CancellationToken ct)
    {
        var (spec, provisioner, problems) = ProvisionerCatalog.Resolve(app);
        if (spec is null || provisioner is null)
            return problems;
        var (policy, unreadable) = await ReadPolicyAsync(ct);
        if (policy is null)
            return AppChecks.Refusals([unreadable!]);
        if (PolicyCheck.App(policy, app.Key.Namespace, options.Namespace, app.Publisher).ToList() is { Count: > 0 } refused)
            return AppChecks.Refusals(refused);
        var inputs = AppInputs.None with { Answers = answers ?? AppInputs.None.Answers };
        var rendered = provisioner.Render(Context(app, spec, await ReadSettingsAsync(ct), inputs, new Fingerprint(Fingerprint.NewKey()), await ServesHttpRoutesAsync(ct)));
        return rendered.Errors.Count > 0
            ? rendered.Errors
            : AppChecks.Refusals(await CheckObjectsAsync(policy, app.Key.Namespace, rendered.Objects, ct));
    }

    /// <summary>Why Apps may not live in the namespace, by the gate and the local policy; null when they may.</summary>
    public async Task<AppProblem?> RefuseNamespaceAsync(string ns, CancellationToken ct)
    {
        var (policy, unreadable) = await ReadPolicyAsync(ct);
        return policy is null ? AppChecks.Refusals([unreadable!])[0] : await gate.RefuseAsync(ns, policy, ct);
    }

    private async Task<(LocalPolicy? Policy, PolicyRefusal? Refusal)> ReadPolicyAsync(CancellationToken ct) =>
        PolicyReader.Read(await api.FindAsync(new(ResourceKind.ConfigMap, options.Namespace, LocalPolicy.ConfigMapName), ct));

    private async Task<AgentSettings> ReadSettingsAsync(CancellationToken ct)
    {
        var settings = AgentSettings.Read(await api.FindAsync(new(ResourceKind.ConfigMap, options.Namespace, AgentSettings.ConfigMapName), ct), out var ignored);
        foreach (var key in ignored)
            SettingIgnored(log, key, AgentSettings.ConfigMapName);
        return settings;
    }

    private async Task<bool> ServesHttpRoutesAsync(CancellationToken ct) => await api.FindMappingAsync(ResourceKind.HttpRoute, ct) is not null;

    /// <summary>Names the whole set. Kinds and names are in it, so an object more or less is another revision.</summary>
    private static string Revision(Fingerprint fingerprint, IReadOnlyList<KubernetesObject> objects) =>
        fingerprint.Of(objects.OrderBy(item => item.Ref.ToString(), StringComparer.Ordinal).Select(item => (JsonObject)item.Json.DeepClone()).ToJson());

    private static async Task<IReadOnlyDictionary<ObjectRef, KubernetesObject>> ReadAsync(IClusterApi asApp, IEnumerable<ObjectRef> refs, CancellationToken ct)
    {
        var found = await Task.WhenAll(refs.Select(target => asApp.FindAsync(target, ct)));
        return found.OfType<KubernetesObject>().ToDictionary(live => live.Ref);
    }

    private async Task AddFinalizerAsync(AppResource app, CancellationToken ct)
    {
        var finalizers = app.Object.Json.Texts("metadata", "finalizers").Append(AppNames.Finalizer).ToJson();
        await api.PatchAsync(app.Key.Ref, PatchType.Merge, AppRemoval.Finalizers(app, finalizers), new(AppNames.FieldManager), ct);
    }

    private async Task WriteStatusAsync(AppResource app, AppOutcome outcome, CancellationToken ct)
    {
        var before = app.Status;
        var next = AppStatusRules.Next(before, outcome, app.Object.Generation, clock.GetUtcNow());
        var (old, @new) = (before.ToJson(), next.ToJson());
        if (JsonNode.DeepEquals(old, @new))
            return;
        if (before.Phase != next.Phase)
            PhaseChanged(log, app.Key, next.Phase!.Value, next.Errors is [var first, ..] ? first.ToString() : "");
        try
        {
            await api.PatchAsync(app.Key.Ref, PatchType.Merge, new JsonObject { ["status"] = @new }, new(AppNames.FieldManager, Subresource: "status"), ct);
        }
        catch (ClusterApiException e) when (e.IsNotFound)
        {
            // It was removed while this pass ran.
        }
    }

    [LoggerMessage(6010, LogLevel.Information, "App {App} is {Phase}. {Reason}")]
    private static partial void PhaseChanged(ILogger log, AppKey app, AppPhase phase, string reason);

    [LoggerMessage(6011, LogLevel.Information, "App {App}: {Count} object(s) put right that were changed or deleted by others")]
    private static partial void Corrected(ILogger log, AppKey app, int count);

    [LoggerMessage(6012, LogLevel.Information, "App {App} is removed")]
    private static partial void Removed(ILogger log, AppKey app);

    [LoggerMessage(6013, LogLevel.Warning, "The setting {Key} in {ConfigMap} is unknown, or has a value that cannot be used; it is ignored")]
    private static partial void SettingIgnored(ILogger log, string key, string configMap);
}
