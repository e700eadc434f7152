using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>What controllers do with the API, in few words.</summary>
internal sealed class Cluster(ResourceService service, TimeProvider clock)
{
    private const string Manager = "kube-controller-manager";
    public const string Kubelet = "kubelet";

    public DateTimeOffset Now => clock.GetUtcNow();
    public ObjectStore Store => service.Store;
    public Resources.ResourceCatalog Catalog => service.Catalog;

    public StoredObject? Get(ObjectKey key) => Store.Get(key);

    public StoredObject? Get(string resource, string ns, string name) => Store.Get(new(resource, ns, name));

    /// <summary>The objects of a resource whose controller this is.</summary>
    public IEnumerable<StoredObject> Controlled(StoredObject owner, string resource) =>
        Store.Dependents(owner.Uid).Where(o => o.Key.Resource == resource && ControllerOf(o)?.StringAt("uid") == owner.Uid);

    public static JsonObject? ControllerOf(StoredObject o) => o.Owners.FirstOrDefault(r => r["controller"].AsBool());

    public JsonObject Create(ObjectKey key, JsonObject o) => service.Create(Target(key) with { Name = "" }, o, WriteContext.System(Manager));

    /// <summary>Creates unless it exists.</summary>
    public void Ensure(ObjectKey key, Func<JsonObject> make)
    {
        if (Store.Get(key) is null)
            Create(key, make());
    }

    public void Modify(ObjectKey key, Func<JsonObject, bool> change, string manager = Manager) => service.Modify(Target(key), change, WriteContext.System(manager));

    /// <summary>Sets the status to what the function makes of the present one; writes nothing when it is the same.</summary>
    public void SetStatus(ObjectKey key, Action<JsonObject> change, string manager = Manager) => service.Modify(Target(key) with { Subresource = "status" }, live =>
    {
        change(live.Ensure("status"));
        return true;
    }, WriteContext.System(manager));

    /// <summary>Deletes if it is still there.</summary>
    public void Delete(StoredObject o, DeleteOptions? options = null)
    {
        try
        {
            service.Delete(Target(o.Key), (options ?? new()) with { Uid = o.Uid }, dryRun: false);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Gone, or another object by now.
        }
    }

    public void FinalizeNamespace(ObjectKey key) => service.FinalizeNamespace(Target(key), [], WriteContext.System(Manager));

    private Target Target(ObjectKey key)
    {
        var type = Catalog.ByStorageName(key.Resource) ?? throw StatusException.NotFoundPath();
        return new(type, type.Storage, key.Namespace, key.Name);
    }

    public static JsonObject OwnerReference(StoredObject owner) => new()
    {
        ["apiVersion"] = owner.Value.StringAt("apiVersion"), ["kind"] = owner.Value.StringAt("kind"), ["name"] = owner.Key.Name, ["uid"] = owner.Uid, ["controller"] = true, ["blockOwnerDeletion"] = true,
    };

    /// <summary>Tells about an object in an Event; the same again counts up.</summary>
    public void Record(StoredObject about, string type, string reason, string message, string component)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{about.Uid}\n{reason}\n{message}")))[..16];
        var ns = about.Key.Namespace.Length > 0 ? about.Key.Namespace : "default";
        var key = new ObjectKey("/events", ns, $"{about.Key.Name}.{hash}");
        var now = Timestamps.Format(Now);
        try
        {
            if (Store.Get(key) is not null)
            {
                Modify(key, e =>
                {
                    e["count"] = e["count"].AsInt(1) + 1;
                    e["lastTimestamp"] = now;
                    return true;
                });
                return;
            }
            Create(key, new()
            {
                ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = ns },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = about.Value.StringAt("apiVersion"), ["kind"] = about.Value.StringAt("kind"), ["name"] = about.Key.Name, ["namespace"] = about.Key.Namespace, ["uid"] = about.Uid,
                    ["resourceVersion"] = about.ResourceVersion.ToString(CultureInfo.InvariantCulture),
                },
                ["type"] = type, ["reason"] = reason, ["message"] = message, ["count"] = 1, ["firstTimestamp"] = now, ["lastTimestamp"] = now,
                ["source"] = new JsonObject { ["component"] = component }, ["reportingComponent"] = component,
            });
        }
        catch (StatusException e) when (e.Code is 403 or 404 or 409)
        {
            // The namespace is going away; an event is not worth more than that.
        }
    }

    /// <summary>Ten letters that stand for a pod template, the same for equal templates.</summary>
    public static string TemplateHash(JsonNode? template)
    {
        const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
        var bytes = SHA256.HashData(JsonText.ToUtf8(Sorted(template) ?? new JsonObject()));
        return new([.. bytes.Take(10).Select(b => Alphabet[b % Alphabet.Length])]);
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    /// <summary>Sets a condition; its transition time moves only with its status.</summary>
    public void SetCondition(JsonObject status, string type, string value, string reason, string message, bool withUpdateTime = false)
    {
        var conditions = status.EnsureArray("conditions");
        var now = Timestamps.Format(Now);
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(c => c.StringAt("type") == type);
        if (condition is null)
            conditions.Add(condition = new() { ["type"] = type });
        if (condition.StringAt("status") == value && condition.StringAt("reason") == reason && condition.StringAt("message") == message)
            return;
        if (condition.StringAt("status") != value)
            condition["lastTransitionTime"] = now;
        condition["status"] = value;
        if (withUpdateTime)
            condition["lastUpdateTime"] = now;
        Put(condition, "reason", reason);
        Put(condition, "message", message);
    }

    public static void Put(JsonObject o, string field, string value)
    {
        if (value.Length == 0)
            o.Remove(field);
        else
            o[field] = value;
    }

    /// <summary>Sets a count; zero is absent, as the API writes it.</summary>
    public static void Put(JsonObject o, string field, int value)
    {
        if (value == 0)
            o.Remove(field);
        else
            o[field] = value;
    }
}
