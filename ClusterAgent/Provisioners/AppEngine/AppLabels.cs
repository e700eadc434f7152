using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>The labels that every object of an App carries, and new objects that carry them.</summary>
internal sealed class AppLabels(RenderContext context)
{
    private const string EngineVersion = "1.0";

    /// <summary>On every object, and on the pods.</summary>
    public JsonObject All() => new()
    {
        ["app"] = context.App.Name,
        ["name"] = context.App.Name,
        ["app.kubernetes.io/name"] = context.App.Name,
        [AppNames.ManagedByLabel] = AppNames.ManagedByValue,
        [AppNames.AppLabel] = context.App.Name,
        [AppNames.IdLabel] = context.App.Id,
        [AppNames.EditionLabel] = context.Edition,
        ["system.codezero.io/appengine"] = EngineVersion,
    };

    /// <summary>Chooses the App's pods. Selectors cannot be changed later, so the edition is not in it.</summary>
    public JsonObject Selector() => new() { ["app"] = context.App.Name, [AppNames.IdLabel] = context.App.Id };

    /// <summary>An object that Kubernetes collects when the App is gone.</summary>
    public KubernetesObject Owned(ResourceKind kind, string name, Action<JsonObject> fill)
    {
        var owned = Free(kind, name);
        owned.Metadata["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = AppResource.ResourceKind.ApiVersion,
            ["kind"] = AppResource.ResourceKind.Kind,
            ["name"] = context.App.Name,
            ["uid"] = context.Uid,
        });
        fill(owned.Json);
        return owned;
    }

    /// <summary>An object that stays when the App is gone, unless somebody deletes it.</summary>
    public KubernetesObject Free(ResourceKind kind, string name)
    {
        var free = new KubernetesObject(kind, context.App.Namespace, name);
        free.Metadata["labels"] = All();
        return free;
    }
}
