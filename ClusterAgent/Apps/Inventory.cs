using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>One object that belongs to an App.</summary>
/// <param name="Uid">Null when it was only intended: the agent ended before it learnt the outcome.</param>
/// <param name="Rendered">Fingerprint of what was applied.</param>
/// <param name="Observed">Digest of the fields that the agent owned after applying; see <see cref="ManagedFields"/>.</param>
internal sealed record InventoryEntry(ObjectRef Ref, string? Uid = null, string? Rendered = null, string? Observed = null);

/// <summary>What was applied for an App, and the key of its fingerprints. It is written before the objects are, so that nothing written is ever forgotten.</summary>
internal sealed record Inventory(byte[] Key, IReadOnlyDictionary<ObjectRef, InventoryEntry> Entries)
{
    public static Inventory New() => new(Fingerprint.NewKey(), new Dictionary<ObjectRef, InventoryEntry>());

    /// <summary>This inventory with these objects in it, whatever is known of them already.</summary>
    public Inventory Intending(IEnumerable<ObjectRef> refs)
    {
        var entries = new Dictionary<ObjectRef, InventoryEntry>(Entries);
        foreach (var target in refs)
            entries.TryAdd(target, new(target));
        return this with { Entries = entries };
    }

    public Inventory With(IEnumerable<InventoryEntry> changed)
    {
        var entries = new Dictionary<ObjectRef, InventoryEntry>(Entries);
        foreach (var entry in changed)
            entries[entry.Ref] = entry;
        return this with { Entries = entries };
    }

    public Inventory Without(IEnumerable<ObjectRef> gone)
    {
        var entries = new Dictionary<ObjectRef, InventoryEntry>(Entries);
        foreach (var target in gone)
            entries.Remove(target);
        return this with { Entries = entries };
    }

    public string ToText() => new JsonObject
    {
        ["key"] = Convert.ToBase64String(Key),
        ["objects"] = Entries.Values
            .OrderBy(entry => entry.Ref.ToString(), StringComparer.Ordinal)
            .Select(entry => new JsonObject
            {
                ["apiVersion"] = entry.Ref.Kind.ApiVersion,
                ["kind"] = entry.Ref.Kind.Kind,
                ["namespace"] = entry.Ref.Namespace,
                ["name"] = entry.Ref.Name,
                ["uid"] = entry.Uid,
                ["rendered"] = entry.Rendered,
                ["observed"] = entry.Observed,
            }).ToJson(),
    }.ToJsonString();

    /// <summary>Null when the text is no inventory: somebody has written over it.</summary>
    public static Inventory? Read(string text)
    {
        try
        {
            var json = JsonNode.Parse(text);
            var entries = json.Objects("objects").Select(item => new InventoryEntry(
                new(new(item.Text("apiVersion") ?? "", item.Text("kind") ?? ""), item.Text("namespace"), item.Text("name") ?? ""),
                item.Text("uid"), item.Text("rendered"), item.Text("observed")));
            return json.Text("key") is { Length: > 0 } key ? new(Convert.FromBase64String(key), entries.ToDictionary(entry => entry.Ref)) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>Keeps the inventory of one App in a Secret beside it. Used by one pass at a time.</summary>
internal sealed class InventoryStore(IClusterApi api, AppResource app)
{
    private const string DataKey = "inventory.json";
    private const string SecretType = "system.codezero.io/inventory";
    private readonly ObjectRef _target = new(ResourceKind.Secret, app.Key.Namespace, AppNames.Inventory(app.Key.Name));
    private string? _resourceVersion;
    private string? _stored;

    /// <summary>The stored inventory, or a new one. An unreadable one counts as none: what it listed is then found again as it is applied.</summary>
    public async Task<Inventory> LoadAsync(CancellationToken ct)
    {
        var secret = await api.FindAsync(_target, ct);
        _resourceVersion = secret?.ResourceVersion;
        _stored = secret?.DecodeData().GetValueOrDefault(DataKey);
        return (_stored is null ? null : Inventory.Read(_stored)) ?? Inventory.New();
    }

    /// <summary>Stores it, unless it is as stored. Somebody else having written meanwhile is a conflict, which the next pass settles.</summary>
    public async Task SaveAsync(Inventory inventory, CancellationToken ct)
    {
        var text = inventory.ToText();
        if (text == _stored)
            return;
        var secret = new KubernetesObject(_target.Kind, _target.Namespace, _target.Name);
        secret.Json["type"] = SecretType;
        secret.Metadata["labels"] = new JsonObject { [AppNames.AppLabel] = AppNames.Fit(app.Key.Name) };
        secret.Metadata["ownerReferences"] = new JsonArray(app.OwnerReference());
        secret.Json["data"] = new JsonObject { [DataKey] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) };
        var options = new WriteOptions(AppNames.FieldManager);
        if (_resourceVersion is null)
            _resourceVersion = (await api.CreateAsync(secret, options, ct)).ResourceVersion;
        else
        {
            secret.Metadata["resourceVersion"] = _resourceVersion;
            _resourceVersion = (await api.UpdateAsync(secret, options, ct)).ResourceVersion;
        }
        _stored = text;
    }

    public Task DeleteAsync(CancellationToken ct) => api.DeleteAsync(_target, new(), ct);
}
