using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Health;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>The CustomResourceDefinition of <c>App</c>, embedded as <c>apps.system.codezero.io.json</c>, and its installation.</summary>
internal static class AppDefinition
{
    private const string Resource = "CodeZero.ClusterAgent.Apps.apps.system.codezero.io.json";
    private static readonly TimeSpan EstablishTimeout = TimeSpan.FromMinutes(1);

    public static KubernetesObject Read()
    {
        using var stream = typeof(AppDefinition).Assembly.GetManifestResourceStream(Resource)!;
        return new((JsonObject)JsonNode.Parse(stream)!);
    }

    /// <summary>Installs or updates the definition, and returns when the cluster serves Apps.</summary>
    /// <exception cref="TimeoutException">The cluster does not serve them within a minute.</exception>
    public static async Task InstallAsync(IClusterApi api, TimeProvider clock, CancellationToken ct)
    {
        var live = await api.ApplyAsync(Read(), new(AppNames.FieldManager), ct);
        var began = clock.GetTimestamp();
        // "Established" comes a moment before the discovery API names the kind; only then can others find it.
        while (!HealthJudge.IsEstablished(live) || await api.FindMappingAsync(AppResource.ResourceKind, ct) is null)
        {
            if (clock.GetElapsedTime(began) > EstablishTimeout)
                throw new TimeoutException($"The cluster does not serve Apps: {HealthJudge.Judge(live).Message} See kubectl describe crd {live.Name}.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), clock, ct);
            live = await api.FindAsync(live.Ref, ct) ?? live;
        }
    }
}
