using CodeZero.DevCluster.Api.Tables;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources;

/// <summary>One served version of a resource.</summary>
internal sealed record ResourceVersion(string Name, Schema Schema)
{
    public bool Served { get; init; } = true;
    public bool HasStatus { get; init; }
    public ScalePaths? Scale { get; init; }
    public IReadOnlyList<Column> Columns { get; init; } = [];
    public IReadOnlyList<string> SelectableFields { get; init; } = [];

    /// <summary>Told to every client that uses this version, in a <c>Warning</c> header.</summary>
    public string? DeprecationWarning { get; init; }
}

/// <summary>Where the scale subresource finds its values; paths of field names.</summary>
internal sealed record ScalePaths(string[] Replicas, string[] StatusReplicas, string[]? Selector);

/// <summary>A resource of the API: its names, versions and nature.</summary>
internal sealed record ResourceType(string Group, string Plural, string Kind)
{
    public string Singular { get; init; } = Kind.ToLowerInvariant();
    public string ListKind { get; init; } = $"{Kind}List";
    public IReadOnlyList<string> ShortNames { get; init; } = [];
    public IReadOnlyList<string> Categories { get; init; } = [];
    public bool Namespaced { get; init; } = true;
    public required IReadOnlyList<ResourceVersion> Versions { get; init; }

    /// <summary>The version objects are stored as.</summary>
    public required string StorageVersion { get; init; }
    public bool IsCustom { get; init; }

    /// <summary>Changes of the desired state are counted in metadata.generation.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Nothing is stored: a POST is answered at once (access reviews and the like).</summary>
    public bool IsReview { get; init; }

    /// <summary>Name under which objects are stored.</summary>
    public string StorageName { get; } = StorageNameOf(Group, Plural);

    public static string StorageNameOf(string group, string plural) => group == "events.k8s.io" ? "/events" : $"{group}/{plural}";

    public ResourceVersion? Version(string name) => Versions.FirstOrDefault(v => v.Name == name && v.Served);

    public ResourceVersion Storage => Versions.First(v => v.Name == StorageVersion);

    public string ApiVersion(string version) => Group.Length == 0 ? version : $"{Group}/{version}";

    public IReadOnlyList<string> Verbs => IsReview ? ["create"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
}
