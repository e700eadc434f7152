using System.CommandLine;
using System.Net;
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
        var all = await ListAsync(context, organization, cluster, ct);
        return await FindAsync(all, context, organization, cluster, written, ct) ?? throw CommandError.NotFound($"There is no install {written} on {cluster.Name}.",
            all.Count == 0 ? "Nothing is installed there." : $"There are: {string.Join(", ", all.Select(Name))}.");
    }

    /// <summary>The same without insisting: null where there is none.</summary>
    public static async Task<Install?> FindOrNullAsync(CommandContext context, string organization, Cluster cluster, string written, CancellationToken ct) =>
        await FindAsync(await ListAsync(context, organization, cluster, ct), context, organization, cluster, written, ct);

    /// <summary>Of those of this name that the cluster no longer has, the one that went last; null where there never was any.</summary>
    public static async Task<Install?> FindFinishedAsync(CommandContext context, string organization, Cluster cluster, string written, CancellationToken ct)
    {
        var (ns, name) = written.Split('/') is [var first, var second] ? (first, second) : (null, written);
        return await context.Hub.Installs.FinishedAsync(organization, cluster.Id.ToString(), ns, name, ct).OrderByDescending(install => install.FinishedAt).FirstOrDefaultAsync(ct);
    }

    private static async Task<IReadOnlyList<Install>> ListAsync(CommandContext context, string organization, Cluster cluster, CancellationToken ct) =>
        await context.Hub.Installs.ListAsync(organization, cluster.Id.ToString(), ct).ToListAsync(ct);

    /// <param name="all">Those that are there. What is gone is found by its id only.</param>
    private static async Task<Install?> FindAsync(IReadOnlyList<Install> all, CommandContext context, string organization, Cluster cluster, string written, CancellationToken ct) =>
        all.Where(install => Name(install) == written || install.Name == written || install.Id.ToString() == written).ToList() switch
        {
            [var only] => only,
            [] => Guid.TryParse(written, out var id) ? await FindAsync(context, organization, cluster, id, ct) : null,
            var several => throw CommandError.Usage($"{written} is in several namespaces.", $"Write one of: {string.Join(", ", several.Select(Name))}."),
        };

    private static async Task<Install?> FindAsync(CommandContext context, string organization, Cluster cluster, Guid id, CancellationToken ct)
    {
        try
        {
            return (await context.Hub.Installs.GetAsync(organization, cluster.Id.ToString(), id, ct)).Value;
        }
        catch (HubException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private static string Name(Install install) => $"{install.Namespace}/{install.Name}";
}
