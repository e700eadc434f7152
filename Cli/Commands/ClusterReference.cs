using System.Net;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Kubernetes;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>How people name a cluster: by its name or id.</summary>
internal static class ClusterReference
{
    /// <summary>The cluster named.</summary>
    /// <exception cref="CommandError">There is none, or none that this person may see.</exception>
    public static async Task<Cluster> FindAsync(CommandContext context, string organization, string written, CancellationToken ct)
    {
        try
        {
            return await context.Hub.Clusters.GetAsync(organization, written, ct);
        }
        catch (HubException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            throw CommandError.NotFound($"There is no cluster {written} in {organization}, or you may not see it.", "To see those there are: czctl clusters list");
        }
    }

    /// <summary>What is to know of the cluster named for signing in to it.</summary>
    /// <exception cref="CommandError">There is none, or none that this person may see.</exception>
    public static async Task<ClusterSignIn> FindSignInAsync(CommandContext context, string written, CancellationToken ct)
    {
        var named = await context.OrganizationAsync(ct);
        var cluster = await FindAsync(context, named, written, ct);
        var organization = await context.Hub.Identity.OrganizationAsync(named, ct);
        return new(context.HubAddress, organization.Id, organization.Slug, cluster.Id, cluster.Name);
    }
}
