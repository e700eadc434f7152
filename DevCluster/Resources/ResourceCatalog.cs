using System.Collections.Immutable;
using CodeZero.DevCluster.Api.Tables;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Resources;

/// <summary>Every resource served now: the built-in ones, and those of the CustomResourceDefinitions.</summary>
internal sealed class ResourceCatalog
{
    private static readonly SchemaText Text = SchemaText.Load("meta.schema", "core.schema", "groups.schema");
    private static readonly ImmutableDictionary<(string Group, string Plural), ResourceType> BuiltIn =
        Text.Resources.GroupBy(r => (r.Group, r.Plural)).ToImmutableDictionary(g => g.Key, g => FromDeclaration(g.Single()));

    private readonly Lock gate = new();
    private volatile ImmutableDictionary<(string Group, string Plural), ResourceType> all = BuiltIn;

    public static IReadOnlyDictionary<string, Schema> Types => Text.Types;

    public static Schema ObjectMeta => Text.Types["ObjectMeta"];

    /// <summary>Changes with every change of a definition; names a state of discovery and OpenAPI.</summary>
    public int Revision { get; private set; }

    public IEnumerable<ResourceType> All => all.Values;

    public ResourceType? Find(string group, string plural) => all.GetValueOrDefault((group, plural));

    public ResourceType? ByStorageName(string storageName) =>
        storageName.Split('/', 2) is [var group, var plural] ? Find(group, plural) : null;

    public ResourceType? FindKind(string group, string kind) => all.Values.FirstOrDefault(t => t.Group == group && t.Kind == kind && !t.IsReview);

    public static bool IsBuiltInGroup(string group) => BuiltIn.Keys.Any(k => k.Group == group);

    /// <summary>Serves, changes or withdraws the resource of a definition, as the store changes.</summary>
    public void Follow(ChangeType change, StoredObject definition)
    {
        var type = CustomResources.ToType(definition.Value);
        lock (gate)
        {
            all = change == ChangeType.Deleted ? all.Remove((type.Group, type.Plural)) : all.SetItem((type.Group, type.Plural), type);
            Revision++;
        }
    }

    private static ResourceType FromDeclaration(ResourceDeclaration d)
    {
        string[] Listed(string option) => d.Options.TryGetValue(option, out var value) ? value.Split(',') : [];
        return new(d.Group, d.Plural, d.Kind)
        {
            Singular = d.Options.GetValueOrDefault("singular", d.Kind.ToLowerInvariant()),
            ShortNames = Listed("short"),
            Categories = Listed("categories"),
            Namespaced = !d.Options.ContainsKey("cluster"),
            HasGeneration = d.Options.ContainsKey("generation"),
            IsReview = d.Review,
            StorageVersion = d.Version,
            Versions =
            [
                new(d.Version, d.Schema)
                {
                    HasStatus = d.Options.ContainsKey("status"),
                    Scale = d.Options.ContainsKey("scale") ? new(["spec", "replicas"], ["status", "replicas"], ["spec", "selector"]) : null,
                    Columns = BuiltInColumns.For(d.Group, d.Plural),
                    SelectableFields = BuiltInFields.For(d.Plural),
                },
            ],
        };
    }
}
