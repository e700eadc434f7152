using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>How people name an install: <c>namespace/name</c>, its id, or its name alone where that is unique on the cluster.</summary>
internal static class InstallReference
{
    public static readonly Option<string> Cluster = new("--cluster", "-c") { Description = "The cluster's name or id.", HelpName = "CLUSTER", Required = true };
    public static readonly Argument<string> Install = new("install") { Description = "namespace/name, its id, or its name where that is unique on the cluster." };

    /// <summary>The install named.</summary>
    /// <exception cref="CommandError">There is none, or the name alone is not enough.</exception>
    public static async Task<Install> FindAsync(CommandContext context, string organization, Cluster cluster, string written, CancellationToken ct)
    {
        if (Guid.TryParse(written, out var id))
            return await context.Hub.Installs.GetAsync(organization, cluster.Id.ToString(), id, ct);
        var all = await context.Hub.Installs.ListAsync(organization, cluster.Id.ToString(), ct).ToListAsync(ct);
        return all.Where(install => IsNamed(install, written)).ToList() switch
        {
            [var only] => only,
            [] => throw CommandError.NotFound($"There is no install {written} on {cluster.Name}.",
                all.Count == 0 ? "Nothing is installed there." : $"There are: {string.Join(", ", all.Select(install => $"{install.Namespace}/{install.Name}"))}."),
            var several => throw CommandError.Usage($"{written} is in several namespaces.", $"Write one of: {string.Join(", ", several.Select(install => $"{install.Namespace}/{install.Name}"))}."),
        };
    }

    /// <summary>Whether anything of this name or id is on the cluster, or may still be.</summary>
    public static async Task<bool> ExistsAsync(CommandContext context, string organization, Cluster cluster, string written, CancellationToken ct)
    {
        await foreach (var install in context.Hub.Installs.ListAsync(organization, cluster.Id.ToString(), ct))
            if (IsNamed(install, written))
                return true;
        return false;
    }

    /// <summary>The install of this name that is not gone yet, or null.</summary>
    public static async Task<Install?> FindLiveAsync(HubClient hub, string organization, string cluster, string ns, string name, CancellationToken ct)
    {
        await foreach (var install in hub.Installs.ListAsync(organization, cluster, ct))
            if (install.FinishedAt is null && (install.Namespace, install.Name) == (ns, name))
                return install;
        return null;
    }

    private static bool IsNamed(Install install, string written) =>
        install.FinishedAt is null && ($"{install.Namespace}/{install.Name}" == written || install.Name == written || install.Id.ToString() == written);
}
