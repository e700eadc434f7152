using CodeZero.Hub.Clusters;
using CodeZero.Hub.Identity;
using CodeZero.Hub.Registry;

namespace CodeZero.Hub.Api;

/// <summary>A module as the host sees it.</summary>
/// <param name="Name">Its name in <c>Hub:Modules</c>.</param>
/// <param name="Add">Registers its services, in every process.</param>
/// <param name="Map">Maps its routes, where this process serves them.</param>
internal sealed record HubModule(string Name, Action<IServiceCollection, IConfiguration> Add, Action<IEndpointRouteBuilder> Map);

internal static class HubModules
{
    internal static readonly IReadOnlyList<HubModule> All =
    [
        new(IdentityModule.Name, (services, configuration) => services.AddIdentity(configuration), routes => routes.MapIdentity()),
        new(RegistryModule.Name, (services, configuration) => services.AddRegistry(configuration), routes => routes.MapRegistry()),
        new(ClustersModule.Name, (services, configuration) => services.AddClusters(configuration), routes => routes.MapClusters()),
    ];

    internal static bool Exists(string name) => All.Any(module => module.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The modules that this process serves: those named, or all.</summary>
    internal static IEnumerable<HubModule> Served(IList<string> names) =>
        names.Count == 0 ? All : All.Where(module => names.Contains(module.Name, StringComparer.OrdinalIgnoreCase));
}
