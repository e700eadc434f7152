using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>The part of a pod's security context that a manifest may set. It is merged over the cluster's defaults and can only name users and groups.</summary>
public sealed record AppSecurityContext(int? RunAsUser, int? RunAsGroup, int? FsGroup, bool? RunAsNonRoot, IReadOnlyList<int> SupplementalGroups)
{
    public static AppSecurityContext None { get; } = new(null, null, null, null, []);

    internal static AppSecurityContext Read(MappingReader reader)
    {
        var user = reader.Integer("runAsUser", 0, int.MaxValue);
        var context = new AppSecurityContext(user, reader.Integer("runAsGroup", 0, int.MaxValue), reader.Integer("fsGroup", 0, int.MaxValue), reader.Flag("runAsNonRoot"), Groups(reader));
        if (context is { RunAsNonRoot: true, RunAsUser: 0 })
            reader.Error("manifest.conflict", "`runAsNonRoot: true` and `runAsUser: 0` exclude each other.", "runAsUser");
        reader.Complete(UnknownKeys.Refuse);
        return context;
    }

    private static List<int> Groups(MappingReader reader)
    {
        const string key = "supplementalGroups";
        var groups = new List<int>();
        foreach (var (node, path) in reader.Items(key, most: 50))
            if (MappingReader.IntegerOf(node, 0, int.MaxValue, path, reader.Context) is { } group)
                groups.Add(group);
        if (groups.Count > 0)
            reader.Json[key] = new JsonArray([.. groups.Select(g => (JsonNode)g)]);
        return groups;
    }
}

/// <summary>What the container asks for, and what it may use at most, by Kubernetes resource name (<c>cpu</c>, <c>memory</c>).</summary>
public sealed record AppResources(IReadOnlyDictionary<string, Quantity> Requests, IReadOnlyDictionary<string, Quantity> Limits)
{
    public static AppResources None { get; } = new(new SortedDictionary<string, Quantity>(), new SortedDictionary<string, Quantity>());

    internal static AppResources Read(MappingReader reader)
    {
        var resources = new AppResources(Quantities("requests"), Quantities("limits"));
        foreach (var (name, request) in resources.Requests)
            if (resources.Limits.TryGetValue(name, out var limit) && request.Value > limit.Value)
                reader.Error("manifest.conflict", string.Create(CultureInfo.InvariantCulture, $"The request of {name} ({request}) is more than its limit ({limit})."), "requests");
        reader.Complete(UnknownKeys.Warn);
        return resources;

        SortedDictionary<string, Quantity> Quantities(string key)
        {
            var quantities = new SortedDictionary<string, Quantity>(StringComparer.Ordinal);
            if (reader.Mapping(key) is not { } map)
                return quantities;
            foreach (var entry in map.Node.Entries)
                if (!IsResource(entry.Key))
                    map.Error("manifest.value", $"\"{Shown.Text(entry.Key)}\" is no resource: use cpu, memory, ephemeral-storage, or a name with a domain such as example.com/gpu.", entry.Key);
                else if (Quantity.Read(map, entry.Key) is { } quantity)
                    quantities[entry.Key] = quantity;
            return quantities;
        }
    }

    private static bool IsResource(string name) =>
        name is "cpu" or "memory" or "ephemeral-storage"
        || (name.Split('/') is [var domain, var own] && Formats.IsDnsSubdomain(domain) && domain.Contains('.', StringComparison.Ordinal) && Formats.IsEditionName(own));
}
