using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Resources.Kinds;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.ServerSideApply;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Api;

/// <summary>
/// Every read and write of objects, for clients and for the controllers alike: decoding, defaults, field ownership, validation, generations,
/// finalizers. Writes are optimistic; one that names no resourceVersion is tried again when it raced another.
/// </summary>
internal sealed class ResourceService(ObjectStore store, ResourceCatalog catalog, KindRules rules, TimeProvider clock)
{
    private const int MaxRaces = 100;
    private const int GeneratedNameAttempts = 8;

    public ObjectStore Store => store;
    public ResourceCatalog Catalog => catalog;

    public StoredObject Get(Target target) => store.Get(target.Key) ?? throw target.NotFound();

    /// <summary>POST: a new object.</summary>
    public JsonObject Create(Target target, JsonObject body, WriteContext context)
    {
        var o = ObjectDecoder.Decode(target, body, context);
        var metadata = o.Ensure("metadata");
        if (metadata.StringAt("resourceVersion") is { Length: > 0 })
            throw StatusException.BadRequest("resourceVersion should not be set on objects to be created");
        var generate = metadata.StringAt("name") is not { Length: > 0 } && metadata.StringAt("generateName") is { Length: > 0 };
        for (var attempt = 1; ; attempt++)
        {
            var made = generate ? o.Copy() : o;
            if (generate)
                made.Ensure("metadata")["name"] = ServerFields.GeneratedName(metadata.StringAt("generateName")!);
            var at = target with { Name = made.StringAt("metadata", "name") ?? "" };
            RefuseInMissingNamespace(at);
            ServerFields.Give(at, made, clock.GetUtcNow());
            if (Finish(at, null, made, context, managers: true) is { } written)
                return written;
            if (!generate || attempt >= GeneratedNameAttempts)
                throw StatusException.AlreadyExists(at.Type.Group, at.Type.Plural, at.Name);
        }
    }

    /// <summary>PUT: the object as a whole, or its status.</summary>
    public JsonObject Replace(Target target, JsonObject body, WriteContext context)
    {
        var o = ObjectDecoder.Decode(target, body, context);
        if (target.Type.IsCustom && o.StringAt("metadata", "resourceVersion") is not { Length: > 0 })
            throw StatusException.Invalid(target.Type.Group, target.Type.Kind, target.Name,
                [FieldError.Invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
        return Change(target, context, _ => o.Copy());
    }

    /// <summary>PATCH other than apply: the function makes the new object from a copy of the live one.</summary>
    public JsonObject Patch(Target target, Func<JsonObject, JsonObject> patch, WriteContext context) =>
        Change(target, context, live => ObjectDecoder.Decode(target, patch(live), context, BodyOrigin.Patched));

    /// <summary>A controller's change; returning false from the action changes nothing.</summary>
    public JsonObject Modify(Target target, Func<JsonObject, bool> action, WriteContext context) =>
        Change(target, context, live => action(live) ? live : null);

    /// <summary>Server-side apply. Creates what is not there, except through a subresource.</summary>
    public (JsonObject Object, bool Created) Apply(Target target, JsonObject body, bool force, WriteContext context)
    {
        var config = ObjectDecoder.Decode(target, body, context, BodyOrigin.Applied);
        if (config.At("metadata", "managedFields") is not null)
            throw StatusException.BadRequest("metadata.managedFields must be nil");
        for (var race = 0; race < MaxRaces; race++)
        {
            var live = store.Get(target.Key);
            if (live is null && target.Subresource is not null)
                throw target.NotFound();
            if (live is null)
            {
                rules.AuthorizeCreate(target, context.User);
                RefuseInMissingNamespace(target);
            }
            var expected = config.StringAt("metadata", "resourceVersion");
            if (expected is { Length: > 0 } && (live is null || expected != live.Value.StringAt("metadata", "resourceVersion")))
                throw target.Modified();
            var current = live is null ? null : VersionConversion.FromStorage(live.Value, target.Type, target.Version.Name).Copy();
            var relevant = Relevant(target, config);
            var merged = FieldManager.Apply(current, relevant, target.Version.Schema, new(context.Manager, target.ApiVersion, target.Subresource), force, target.Version.HasStatus, clock.GetUtcNow());
            if (live is null)
                ServerFields.Give(target, merged, clock.GetUtcNow());
            if (Finish(target, live, merged, context, managers: false) is { } written)
                return (written, live is null);
        }
        throw target.Modified();
    }

    private JsonObject Change(Target target, WriteContext context, Func<JsonObject, JsonObject?> change)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var live = Get(target);
            var current = VersionConversion.FromStorage(live.Value, target.Type, target.Version.Name).Copy();
            if (change(current.Copy()) is not { } changed)
                return current;
            var version = changed.StringAt("metadata", "resourceVersion");
            var liveVersion = live.Value.StringAt("metadata", "resourceVersion");
            if (version is { Length: > 0 } && version != liveVersion)
                throw target.Modified();
            if (Finish(target, live, changed, context, managers: true) is { } written)
                return written;
        }
        throw target.Modified();
    }

    /// <summary>
    /// The common end of every write. Null when another write came between (or, creating, when the object exists).
    /// </summary>
    private JsonObject? Finish(Target target, StoredObject? live, JsonObject o, WriteContext context, bool managers)
    {
        var now = clock.GetUtcNow();
        var schema = target.Version.Schema;
        var before = live is null ? null : VersionConversion.FromStorage(live.Value, target.Type, target.Version.Name);
        if (before is not null)
        {
            ServerFields.RefuseOtherUid(target, before, o);
            o = ServerFields.Keep(target, before, o);
        }
        else if (target.Version.HasStatus && target.Type.IsCustom)
            o.Remove("status");
        SchemaWalk.DropEmpty(target.Type.IsCustom ? o["metadata"] : o, target.Type.IsCustom ? ResourceCatalog.ObjectMeta : schema);
        SchemaWalk.Default(o, schema);
        SchemaWalk.Canonicalize(o, schema);
        if (target.Subresource is not "status")
            rules.Prepare(target.Type, o, before, now);
        ServerFields.CountGeneration(target, before, o);
        ServerFields.Tidy(o);
        if (managers)
            FieldManager.Update(before, o, schema, new(context.Manager, target.ApiVersion, target.Subresource), target.Version.HasStatus, now);
        var errors = MetadataRules.Validate(target.Type, o, before);
        errors.AddRange(SchemaValidator.Validate(o, schema));
        if (errors.Count == 0)
            errors.AddRange(rules.Validate(target.Type, o, before, target.Subresource));
        if (errors.Count > 0)
            throw StatusException.Invalid(target.Type.Group, target.Type.Kind, target.Name, errors);
        rules.Authorize(target, o, before, context.User);

        if (before is not null && FieldManager.SameButForTimes(before, o))
            return before;
        if (context.DryRun)
            return live is null && store.Get(target.Key) is not null ? null : o;
        return Commit(target, live, o);
    }

    private JsonObject? Commit(Target target, StoredObject? live, JsonObject o)
    {
        var value = VersionConversion.ToStorage(o.Copy(), target.Type);
        var stored = live is null ? store.Create(target.Key, value)
            : IsDone(target, value) ? store.Delete(live, value)
            : store.Update(live, value);
        return stored is null ? null : VersionConversion.FromStorage(stored.Value, target.Type, target.Version.Name);
    }

    /// <summary>A deleted object that nothing holds back any more.</summary>
    private static bool IsDone(Target target, JsonObject o) =>
        o.StringAt("metadata", "deletionTimestamp") is not null
        && o.At("metadata", "finalizers") is not JsonArray { Count: > 0 }
        && o.At("metadata", "deletionGracePeriodSeconds").AsLong() is null or 0
        && (target.Type.StorageName != "/namespaces" || o.At("spec", "finalizers") is not JsonArray { Count: > 0 });

    /// <summary>DELETE: removes the object, or marks it while finalizers or a grace period hold it.</summary>
    /// <returns>The last state, and whether the object is gone.</returns>
    public (JsonObject Object, bool Gone) Delete(Target target, DeleteOptions options, bool dryRun)
    {
        Deletion.RefuseSystemNamespace(target);
        for (var race = 0; race < MaxRaces; race++)
        {
            var live = Get(target);
            RefuseOtherThan(target, live, options);
            var o = live.Value.Copy();
            Deletion.Mark(o, target.Type, options, clock.GetUtcNow());
            var gone = IsDone(target, o);
            if (dryRun || (!gone && JsonNode.DeepEquals(o, live.Value)))
                return (VersionConversion.FromStorage(o, target.Type, target.Version.Name), gone);
            if ((gone ? store.Delete(live) : store.Update(live, o)) is { } stored)
                return (VersionConversion.FromStorage(stored.Value, target.Type, target.Version.Name), gone);
        }
        throw target.Modified();
    }

    /// <summary>Holds a deletion to its preconditions; what does not meet them is named by its kind, not by its resource.</summary>
    private static void RefuseOtherThan(Target target, StoredObject live, DeleteOptions options)
    {
        void Demand(string what, string? expected, string? actual, string because)
        {
            if (expected is not null && expected != actual)
                throw StatusException.Conflict(target.Type.Group, target.Type.Kind, target.Name, $"the {what} in the precondition ({expected}) does not match the {what} in record ({actual}). The object might have been {because}");
        }
        Demand("UID", options.Uid, live.Uid, "deleted and then recreated");
        Demand("ResourceVersion", options.ResourceVersion, live.Value.StringAt("metadata", "resourceVersion"), "modified");
    }

    /// <summary>Sets the finalizers in the spec of a namespace; a deleted one without any disappears.</summary>
    public JsonObject FinalizeNamespace(Target target, JsonArray finalizers, WriteContext context)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var live = Get(target);
            var o = live.Value.Copy();
            o.Ensure("spec")["finalizers"] = finalizers.DeepClone();
            if (context.DryRun)
                return o;
            if ((IsDone(target, o) ? store.Delete(live, o) : store.Update(live, o)) is { } stored)
                return stored.Value;
        }
        throw target.Modified();
    }

    private void RefuseInMissingNamespace(Target target)
    {
        if (!target.Type.Namespaced)
            return;
        var ns = store.Get(new("/namespaces", "", target.Namespace)) ?? throw StatusException.NotFound("", "namespaces", target.Namespace);
        if (ns.IsDeleting)
            throw target.Forbidden($"unable to create new content in namespace {target.Namespace} because it is being terminated");
    }

    /// <summary>The half of a configuration that the resource or subresource covers.</summary>
    private static JsonObject Relevant(Target target, JsonObject config)
    {
        var relevant = config.Copy();
        if (target.Subresource == "status")
            foreach (var field in relevant.Select(p => p.Key).Where(k => k is not ("apiVersion" or "kind" or "metadata" or "status")).ToArray())
                relevant.Remove(field);
        else if (target.Version.HasStatus)
            relevant.Remove("status");
        (relevant["metadata"] as JsonObject)?.Remove("resourceVersion");
        return relevant;
    }
}
