using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>How far applying came.</summary>
/// <param name="Problems">Why it stopped; empty when it did not.</param>
/// <param name="Waiting">A wave is written and not established yet.</param>
/// <param name="Corrected">Objects put right that somebody had changed or deleted.</param>
internal sealed record ApplyResult(IReadOnlyList<AppProblem> Problems, bool Waiting, int Corrected);

/// <summary>
/// Carries a plan out: a dry run of everything first, then wave by wave, up to ten objects at once, then the obsolete ones are deleted. It can end at any
/// point and start again: the inventory names everything before it is written.
/// </summary>
internal sealed class Applier(IClusterApi api, AppKey app, InventoryStore store)
{
    private const int Parallelism = 10;
    private static readonly WriteOptions Write = new(AppNames.FieldManager);

    public async Task<ApplyResult> ApplyAsync(ApplyPlan plan, Inventory inventory, bool keepVolumes, CancellationToken ct)
    {
        if (plan.Foreign.Count > 0)
            return new(plan.Foreign, false, 0);
        var toWrite = plan.ToWrite.ToList();
        var (_, refused) = await EachAsync(toWrite, (item, token) => api.ApplyAsync(item.Desired, Write with { DryRun = true }, token), ct);
        if (refused.Count > 0)
            return new(refused, false, 0);

        inventory = inventory.Intending(toWrite.Select(item => item.Desired.Ref));
        await store.SaveAsync(inventory, ct);
        var corrected = 0;
        for (var wave = 0; wave < Waves.Count; wave++)
        {
            var members = plan.Objects.Where(item => Waves.Of(item.Desired.Kind) == wave).ToList();
            var (applied, failed) = await EachAsync([.. members.Where(item => item.Action != PlanAction.Keep)], ApplyOneAsync, ct);
            corrected += applied.Count(item => item.Planned.Action == PlanAction.Correct);
            inventory = inventory.With(applied.Select(item => Entry(item.Planned, item.Live)));
            if (failed.Count > 0)
            {
                await store.SaveAsync(inventory, ct);
                return new(failed, false, corrected);
            }
            var standing = members.Where(item => item.Action == PlanAction.Keep).Select(item => item.Live!).Concat(applied.Select(item => item.Live));
            if (!standing.All(HealthJudge.IsEstablished) && plan.Objects.Any(item => Waves.Of(item.Desired.Kind) > wave && item.Action != PlanAction.Keep))
            {
                await store.SaveAsync(inventory, ct);
                return new([], true, corrected);
            }
        }
        var gone = new List<ObjectRef>();
        foreach (var entry in plan.Obsolete.OrderByDescending(entry => Waves.Of(entry.Ref.Kind)))
            if (await ReleaseAsync(entry, inventory, keepVolumes, new(Propagation: Propagation.Background), ct) != Release.Protected)
                gone.Add(entry.Ref);
        await store.SaveAsync(inventory.Without(gone), ct);
        return new([], false, corrected);
    }

    internal enum Release
    {
        /// <summary>It is not there, or not ours.</summary>
        Gone,

        /// <summary>Its deletion was asked for.</summary>
        Deleting,

        /// <summary>A claim that stays, labelled with the App's name.</summary>
        Retained,

        /// <summary>An annotation forbids to delete it.</summary>
        Protected,
    }

    /// <summary>Lets go of an object that the App no longer has.</summary>
    public async Task<Release> ReleaseAsync(InventoryEntry entry, Inventory inventory, bool keepVolumes, DeleteOptions options, CancellationToken ct)
    {
        if (await api.FindAsync(entry.Ref, ct) is not { } live || !ApplyPlan.Belongs(live, app, inventory))
            return Release.Gone;
        if (live.Annotation(AppNames.PreventDeletionAnnotation) == "true")
            return Release.Protected;
        if (live.Kind == ResourceKind.PersistentVolumeClaim && keepVolumes)
        {
            await LabelAsync(live.Ref, AppNames.RetainedFromLabel, AppNames.Fit(app.Name), ct);
            return Release.Retained;
        }
        if (!live.IsTerminating)
            await api.DeleteAsync(live.Ref, options with { Uid = live.Uid }, ct);
        return Release.Deleting;
    }

    private async Task<KubernetesObject> ApplyOneAsync(PlannedObject planned, CancellationToken ct)
    {
        var live = await api.ApplyAsync(planned.Desired, Write, ct);
        // A claim that an earlier App of this name left behind is in use again.
        return live.Label(AppNames.RetainedFromLabel) is null ? live : await LabelAsync(live.Ref, AppNames.RetainedFromLabel, null, ct);
    }

    private Task<KubernetesObject> LabelAsync(ObjectRef target, string label, string? value, CancellationToken ct) =>
        api.PatchAsync(target, PatchType.Merge, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [label] = value } } }, Write, ct);

    private static InventoryEntry Entry(PlannedObject planned, KubernetesObject live) =>
        new(planned.Desired.Ref, live.Uid, planned.Rendered, ManagedFields.DigestOf(live, AppNames.FieldManager).ToString());

    /// <summary>Does all, also when some fail, and tells the two apart. An unreachable server ends it: that is no answer about an object.</summary>
    private static async Task<(List<(PlannedObject Planned, KubernetesObject Live)> Done, List<AppProblem> Failed)> EachAsync(
        IReadOnlyList<PlannedObject> items, Func<PlannedObject, CancellationToken, Task<KubernetesObject>> write, CancellationToken ct)
    {
        var done = new ConcurrentQueue<(PlannedObject, KubernetesObject)>();
        var failed = new ConcurrentQueue<(PlannedObject Planned, ClusterApiException Error)>();
        await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = ct }, async (item, token) =>
        {
            try
            {
                done.Enqueue((item, await write(item, token)));
            }
            catch (ClusterApiException e)
            {
                failed.Enqueue((item, e));
            }
        });
        var order = items.Select((item, index) => (item, index)).ToDictionary(pair => pair.item.Desired.Ref, pair => pair.index);
        return ([.. done], [.. failed.OrderBy(pair => order[pair.Planned.Desired.Ref]).SelectMany(pair => Problems.From(pair.Error, pair.Planned.Desired.Ref))]);
    }
}
