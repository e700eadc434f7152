using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Takes an App away: routes and Services first, then workloads, then the rest, each wave gone before the next; claims stay by default, labelled with the
/// App's name. At last the inventory and the finalizer go.
/// </summary>
internal sealed class AppRemoval(IClusterApi api, NamespaceGate gate, AppControllerOptions options)
{
    /// <summary>Null when the App is let go; else what the removal waits for.</summary>
    public async Task<AppOutcome?> RunAsync(AppResource app, CancellationToken ct)
    {
        if (!app.HasFinalizer)
            return null;

        // With its namespace everything goes anyway, and the right to write there is gone already.
        var ns = await api.FindAsync(new(ResourceKind.Namespace, null, app.Key.Namespace), ct);
        if (ns is { IsTerminating: false })
        {
            var asApp = await gate.ActInAsync(app.Key.Namespace, ct);
            var store = new InventoryStore(asApp, app);
            if (await TakeDownAsync(app, asApp, store, ct) is { } waiting)
                return waiting;
            await asApp.DeleteAsync(new(ResourceKind.Secret, app.Key.Namespace, AppNames.Answers(app.Key.Name)), new(), ct);
            await store.DeleteAsync(ct);
        }
        var others = app.Object.Json.Texts("metadata", "finalizers").Where(name => name != AppNames.Finalizer).ToJson();
        try
        {
            await api.PatchAsync(app.Key.Ref, PatchType.Merge, Finalizers(app, others), new(AppNames.FieldManager), ct);
        }
        catch (ClusterApiException e) when (e.IsNotFound)
        {
        }
        return null;
    }

    /// <summary>A patch of the finalizers that is refused when somebody has changed the App since it was read.</summary>
    public static JsonObject Finalizers(AppResource app, JsonArray finalizers) => new()
    {
        ["metadata"] = new JsonObject { ["finalizers"] = finalizers, ["resourceVersion"] = app.Object.ResourceVersion },
    };

    private async Task<AppOutcome?> TakeDownAsync(AppResource app, IClusterApi asApp, InventoryStore store, CancellationToken ct)
    {
        var inventory = await store.LoadAsync(ct);
        var applier = new Applier(asApp, app.Key, store);
        foreach (var wave in inventory.Entries.Values.GroupBy(entry => Waves.Of(entry.Ref.Kind)).OrderByDescending(wave => wave.Key))
        {
            var deleting = new List<ObjectRef>();
            foreach (var entry in wave)
                if (await applier.ReleaseAsync(entry, inventory, app.KeepsVolumes, new(Propagation: Propagation.Foreground), ct) == Applier.Release.Deleting)
                    deleting.Add(entry.Ref);
            if (deleting.Count > 0)
                return new(AppProgress.Terminating)
                {
                    Conditions = [new("Removed", null, "InProgress", $"Waiting for {string.Join(", ", deleting)} to be gone.")],
                    LookAgainAfter = options.WavePoll,
                };
        }
        return null;
    }
}
