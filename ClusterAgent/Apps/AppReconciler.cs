using System.Net;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;
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
internal sealed partial class AppReconciler(IClusterApi api, AppAdmission admission, NamespaceGate gate, AppControllerOptions options, TimeProvider clock, ILogger<AppReconciler> log)
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
        var (spec, provisioner, problems, ignored) = ProvisionerCatalog.Resolve(app);
        if (spec is null || provisioner is null)
            return checks.Fail(AppConditions.Rendered, problems);
        var (policy, refusals) = await admission.AdmitAsync(app, ct);
        if (policy is null)
            return checks.Fail(AppConditions.Permitted, refusals);
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

        var context = await admission.ContextAsync(app, spec, inputs, new Fingerprint(inventory.Key), ct);
        var rendered = provisioner.Render(context);
        if (rendered.Errors.Count > 0)
            return checks.Fail(AppConditions.Rendered, rendered.Errors);
        checks.Hold(AppConditions.Rendered, ignored);
        if (await admission.RefuseAsync(policy, ns, rendered.Objects, ct) is { Count: > 0 } forbidden)
            return checks.Fail(AppConditions.Permitted, forbidden);
        checks.Hold(AppConditions.Permitted);
        checks.Note(AppConditions.Routed, rendered.Notes);

        owned.UnionWith(rendered.Objects.Select(item => item.Kind));
        return await ApplyAsync(app, asApp, new Rollout(rendered.Objects, Revision(context.Fingerprint, rendered.Objects), context.Settings.ReadyDeadline + rendered.StartupBudget),
            inventory, store, checks, ct);
    }

    /// <summary>What is being rolled out, and how long it may take from its first sight until it is healthy.</summary>
    private sealed record Rollout(IReadOnlyList<KubernetesObject> Objects, string Revision, TimeSpan Deadline);

    private async Task<AppOutcome> ApplyAsync(
        AppResource app, IClusterApi asApp, Rollout rollout, Inventory inventory, InventoryStore store, AppChecks checks, CancellationToken ct)
    {
        var live = await ReadAsync(asApp, rollout.Objects.Select(item => item.Ref), ct);
        var plan = ApplyPlan.Make(app.Key, rollout.Objects, inventory, live);
        var applied = await new Applier(asApp, app.Key, store).ApplyAsync(plan, inventory, app.KeepsVolumes, ct);
        if (applied.Corrected > 0)
            Corrected(log, app.Key, applied.Corrected);
        if (applied.Problems.Any(problem => problem.Code == Problems.Forbidden) && gate.MayNotKnowYet(app.Key.Namespace))
            return checks.Wait(AppConditions.Applied, "The API server has not taken up the namespace's role yet.", options.WavePoll);
        if (applied.Problems.Count > 0)
            return checks.Fail(AppConditions.Applied, applied.Problems) with { WorthRetrying = true, DriftCorrected = applied.Corrected };

        AppOutcome outcome;
        if (!applied.Waiting)
        {
            checks.Hold(AppConditions.Applied);
            outcome = await JudgeAsync(app, asApp, rollout, checks, ct);
        }
        else if (IsOverdue(app, rollout))
            outcome = checks.Fail(AppConditions.Applied, [new("apply.timeout", "", "What was written was not taken up by its controllers in time. Is the cluster's controller manager running?")])
                with { LookAgainAfter = options.HealthPoll };
        else
            outcome = checks.Wait(AppConditions.Applied, "Waiting for what was written to be taken up by its controllers.", options.WavePoll);
        return outcome with { Revision = rollout.Revision, DriftCorrected = applied.Corrected };
    }

    private async Task<AppOutcome> JudgeAsync(AppResource app, IClusterApi asApp, Rollout rollout, AppChecks checks, CancellationToken ct)
    {
        var live = await ReadAsync(asApp, rollout.Objects.Select(item => item.Ref), ct);
        var pods = rollout.Objects.Count == 0 ? [] : (await asApp.ListAsync(ResourceKind.Pod, new(app.Key.Namespace, $"{AppNames.IdLabel}={app.Key.Id}"), ct)).Items;
        var health = AppHealth.Judge([.. rollout.Objects.Select(item => (item.Ref, live.GetValueOrDefault(item.Ref)))], pods, IsOverdue(app, rollout));
        var outcome = health.State switch
        {
            HealthState.Current => checks.Succeed(AppConditions.Healthy),
            HealthState.Failed => checks.Fail(AppConditions.Healthy, health.Problems) with { LookAgainAfter = options.Resync },
            _ => checks.Wait(AppConditions.Healthy, health.Problems[0].ToString(), options.HealthPoll) with { Problems = health.Problems },
        };
        return outcome with { Objects = (health.Total, health.Ready), Images = health.Images };
    }

    private bool IsOverdue(AppResource app, Rollout rollout)
    {
        var now = clock.GetUtcNow();
        return now - AppStatusRules.RolloutStartedAt(app.Status, new(AppProgress.InProgress) { Revision = rollout.Revision }, now) > rollout.Deadline;
    }

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
}
