using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>
/// Which path serves which kind, by the discovery API, one request per API version. A kind that was not there is asked for again after a second,
/// or at once after <see cref="Forget"/>.
/// </summary>
internal sealed class ResourceMappings(TimeProvider clock, Func<string, CancellationToken, Task<JsonNode?>> get)
{
    private static readonly TimeSpan AbsenceLife = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Discovered> _versions = new(StringComparer.Ordinal);

    private sealed record Discovered(Dictionary<string, ResourceMapping> Kinds, long At);

    public async Task<ResourceMapping?> FindAsync(ResourceKind kind, CancellationToken ct)
    {
        if (_versions.TryGetValue(kind.ApiVersion, out var known))
        {
            if (known.Kinds.TryGetValue(kind.Kind, out var mapping))
                return mapping;
            if (clock.GetElapsedTime(known.At) < AbsenceLife)
                return null;
        }
        var found = new Discovered(await DiscoverAsync(kind.ApiVersion, ct), clock.GetTimestamp());
        _versions[kind.ApiVersion] = found;
        return found.Kinds.GetValueOrDefault(kind.Kind);
    }

    /// <summary>The cluster's kinds have changed.</summary>
    public void Forget() => _versions.Clear();

    private async Task<Dictionary<string, ResourceMapping>> DiscoverAsync(string apiVersion, CancellationToken ct)
    {
        var path = apiVersion.Contains('/', StringComparison.Ordinal) ? $"/apis/{apiVersion}" : $"/api/{apiVersion}";
        var kinds = new Dictionary<string, ResourceMapping>(StringComparer.Ordinal);
        JsonNode? list;
        try
        {
            list = await get(path, ct);
        }
        catch (ClusterApiException e) when (e.IsNotFound)
        {
            return kinds;
        }
        foreach (var resource in list.Objects("resources"))
            if (resource.Text("kind") is { } kind && resource.Text("name") is { } plural && !plural.Contains('/', StringComparison.Ordinal))
                kinds.TryAdd(kind, new(path, plural, resource.Flag("namespaced") ?? false));
        return kinds;
    }
}
