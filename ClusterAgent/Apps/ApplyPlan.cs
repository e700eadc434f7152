using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>What to do with one rendered object.</summary>
internal enum PlanAction
{
    /// <summary>It is as rendered; nothing to write.</summary>
    Keep,

    /// <summary>It is new, or rendered differently than before.</summary>
    Write,

    /// <summary>It was applied like this before, and somebody has changed or deleted it since.</summary>
    Correct,
}

/// <param name="Live">As the server has it; null when it is not there.</param>
/// <param name="Rendered">Fingerprint of <paramref name="Desired"/>.</param>
internal sealed record PlannedObject(KubernetesObject Desired, KubernetesObject? Live, PlanAction Action, string Rendered);

/// <summary>What is to be done so that an App's objects are as rendered.</summary>
/// <param name="Obsolete">Objects of the inventory that are not rendered any more.</param>
/// <param name="Foreign">Rendered objects whose name somebody else's object holds already.</param>
internal sealed record ApplyPlan(IReadOnlyList<PlannedObject> Objects, IReadOnlyList<InventoryEntry> Obsolete, IReadOnlyList<AppProblem> Foreign)
{
    public IEnumerable<PlannedObject> ToWrite => Objects.Where(planned => planned.Action != PlanAction.Keep);

    /// <summary>Pure: compares what is rendered with what was applied and with what is there.</summary>
    public static ApplyPlan Make(
        AppKey app, IReadOnlyList<KubernetesObject> rendered, Inventory inventory, IReadOnlyDictionary<ObjectRef, KubernetesObject> live)
    {
        var fingerprint = new Fingerprint(inventory.Key);
        var planned = rendered.Select(desired => Plan(desired, inventory, live.GetValueOrDefault(desired.Ref), fingerprint)).ToList();
        var wanted = rendered.Select(desired => desired.Ref).ToHashSet();
        return new(planned,
            [.. inventory.Entries.Values.Where(entry => !wanted.Contains(entry.Ref))],
            [.. planned.Where(item => item.Live is { } there && !Belongs(there, app, inventory)).Select(item => Foreigner(item.Live!))]);
    }

    /// <summary>Whether an object that is there is this App's to change: it was applied for it, carries its label, or was left by an earlier App of the name.</summary>
    public static bool Belongs(KubernetesObject live, AppKey app, Inventory inventory) =>
        (inventory.Entries.GetValueOrDefault(live.Ref)?.Uid is { } uid && uid == live.Uid)
        || (live.Label(AppNames.ManagedByLabel) == AppNames.ManagedByValue && live.Label(AppNames.IdLabel) == app.Id);

    private static PlannedObject Plan(KubernetesObject desired, Inventory inventory, KubernetesObject? live, Fingerprint fingerprint)
    {
        var rendered = fingerprint.Of(desired.Json);
        var entry = inventory.Entries.GetValueOrDefault(desired.Ref);
        var appliedBefore = entry?.Observed is not null && entry.Rendered == rendered;
        var unchanged = live is not null && !live.IsTerminating && live.Uid == entry?.Uid
            && ManagedFields.DigestOf(live, AppNames.FieldManager).ToString() == entry?.Observed
            && live.Label(AppNames.RetainedFromLabel) is null;
        return new(desired, live, (appliedBefore, unchanged) switch
        {
            (true, true) => PlanAction.Keep,
            (true, false) => PlanAction.Correct,
            _ => PlanAction.Write,
        }, rendered);
    }

    private static AppProblem Foreigner(KubernetesObject live)
    {
        var owner = live.Label(AppNames.AppLabel) is { } app
            ? $"the App {app}"
            : ManagedFields.OtherManagers(live, AppNames.FieldManager).FirstOrDefault() ?? "somebody else";
        return new("apply.conflict", live.ToString(), $"An object of this name is there already and belongs to {owner}. Rename the App, or remove that object.");
    }
}
