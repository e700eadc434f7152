using System.Text;
using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>A Kubernetes object as its JSON, with the fields that all objects share by name.</summary>
internal sealed class KubernetesObject(JsonObject json)
{
    /// <summary>A new object with nothing but its identity.</summary>
    public KubernetesObject(ResourceKind kind, string? ns, string name)
        : this(new JsonObject { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = new JsonObject { ["name"] = name } })
    {
        if (ns is not null)
            Metadata["namespace"] = ns;
    }

    public JsonObject Json { get; } = json;

    public ResourceKind Kind => new(Json.Text("apiVersion") ?? "", Json.Text("kind") ?? "");
    public string Name => Json.Text("metadata", "name") ?? "";
    public string? Namespace => Json.Text("metadata", "namespace");
    public ObjectRef Ref => new(Kind, Namespace, Name);
    public string? Uid => Json.Text("metadata", "uid");
    public string? ResourceVersion => Json.Text("metadata", "resourceVersion");

    /// <summary>Counts the changes of the spec; 0 for kinds that do not count.</summary>
    public long Generation => Json.Number("metadata", "generation") ?? 0;

    /// <summary>Whether deletion was asked for and is waiting for finalizers.</summary>
    public bool IsTerminating => Json.Text("metadata", "deletionTimestamp") is not null;

    public JsonObject Metadata => Json["metadata"] as JsonObject ?? (JsonObject)(Json["metadata"] = new JsonObject());
    public JsonNode? Spec => Json["spec"];
    public JsonNode? Status => Json["status"];

    public string? Label(string name) => Json.Text("metadata", "labels", name);
    public string? Annotation(string name) => Json.Text("metadata", "annotations", name);

    /// <summary>The conditions of the status, by type.</summary>
    public JsonObject? Condition(string type) => Status.Objects("conditions").FirstOrDefault(condition => condition.Text("type") == type);

    /// <summary>A Secret's data, decoded. Values that are no base64 or no UTF-8 text are left out.</summary>
    public Dictionary<string, string> DecodeData()
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, encoded) in Json.TextMap("data"))
        {
            var bytes = new byte[encoded.Length];
            if (Convert.TryFromBase64String(encoded, bytes, out var length))
                data[name] = Encoding.UTF8.GetString(bytes, 0, length);
        }
        return data;
    }

    /// <summary>Sets a Secret's data from texts.</summary>
    public void EncodeData(IEnumerable<KeyValuePair<string, string>> data) =>
        Json["data"] = data.Select(entry => KeyValuePair.Create(entry.Key, Convert.ToBase64String(Encoding.UTF8.GetBytes(entry.Value)))).ToJson();

    public KubernetesObject Clone() => new((JsonObject)Json.DeepClone());

    public override string ToString() => Ref.ToString();
}
