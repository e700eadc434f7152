using System.CommandLine;
using System.Globalization;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl clusters create|list|show|join|accept|authentication|revoke|delete</summary>
internal static class ClusterCommands
{
    private static readonly Argument<string> Name = new("cluster") { Description = "The cluster's name or id." };
    private static readonly Argument<string> NewName = new("name") { Description = "1 to 40 of a-z, 0-9 and -." };
    private static readonly Option<bool> IfMissing = new("--if-missing") { Description = "Do nothing when there is a cluster of this name." };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Command Create() => new("clusters", "Clusters: create, join, accept, list, show, authentication, revoke, delete.")
    {
        new CzCommand("create", "Make a cluster record, which an agent can then join.", ["czctl clusters create production", "czctl clusters create demo --if-missing"], CreateAsync).With(NewName, IfMissing),
        new CzCommand("list", "List the organization's clusters.", ["czctl clusters list --json"], ListAsync),
        new CzCommand("show", "Show a cluster, its agent and its enrolments.", ["czctl clusters show production"], ShowAsync).With(Name),
        JoinCommand.Create(),
        AcceptCommand.Create(),
        ClusterAuthenticationCommand.Create(),
        new CzCommand("revoke", "Take the agent's right to speak for the cluster. What runs there goes on running.", ["czctl clusters revoke production --yes"], RevokeAsync).With(Name, Yes),
        new CzCommand("delete", "Make the Hub forget the cluster. What runs there goes on running.", ["czctl clusters delete demo"], DeleteAsync).With(Name, Yes),
    };

    private static async Task CreateAsync(CommandContext context, CancellationToken ct)
    {
        var (organization, name) = (await context.OrganizationAsync(ct), context.Get(NewName));
        var (cluster, created) = await context.Terminal.WaitAsync($"Creating {name}", CreateAsync(context, organization, name, ct));
        context.Terminal.Result(cluster, output => output.WriteLine(created ? $"Created cluster {cluster.Name}. Next: czctl clusters join {cluster.Name}" : $"Cluster {cluster.Name} is there ({cluster.Status})."));
    }

    private static async Task<(Cluster Cluster, bool Created)> CreateAsync(CommandContext context, string organization, string name, CancellationToken ct)
    {
        try
        {
            return (await context.Hub.Clusters.CreateAsync(organization, name, ct), true);
        }
        catch (HubException taken) when (taken.Code == "cluster.name_taken" && context.Get(IfMissing))
        {
            return (await context.Hub.Clusters.GetAsync(organization, name, ct), false);
        }
    }

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Clusters.ListAsync(organization, ct).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["CLUSTER", "STATUS", "KUBERNETES", "LAST SEEN", "AGENT KEY"],
            [.. items.Select(one => new[] { one.Name, one.Status, one.Agent?.KubernetesVersion ?? "", Times.Ago(one.LastSeen, now), one.Agent?.Thumbprint ?? "" })]));
    }

    private static async Task ShowAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(Name), ct));
        var enrolments = await context.Hub.Clusters.EnrolmentsAsync(organization, cluster.Id.ToString(), ct).ToListAsync(ct);
        var accepted = new AcceptedAgents(context.Home, context.HubAddress).Find(cluster.Id);
        context.Terminal.Result(new { cluster, enrolments, acceptedHere = accepted }, output =>
        {
            var now = context.Time.GetUtcNow();
            output.WriteLine($"{cluster.Name}: {cluster.Status}");
            output.WriteLine($"id             {cluster.Id}");
            output.WriteLine($"last seen      {Times.Ago(cluster.LastSeen, now)}");
            output.WriteLine($"next expected  {Times.Until(cluster.NextExpected, now)}");
            output.WriteLine($"state          {cluster.Serial.ToString(CultureInfo.InvariantCulture)}");
            if (cluster.Agent is { } agent)
                output.WriteLine($"agent key      {agent.Thumbprint}{(agent.Thumbprint == accepted ? " (accepted from here)" : "")}\nagent          {Terminal.Printable(agent.Version)}, Kubernetes {Terminal.Printable(agent.KubernetesVersion)} ({Terminal.Printable(agent.Distribution)})");
            output.WriteLine();
            Table.Write(output, ["ENROLMENT", "STATE", "EXPIRES", "AGENT KEY", "FROM"],
                [.. enrolments.Select(one => new[] { one.Id.ToString(), one.Agent is { } by ? $"{one.State}, {by.Status}" : one.State, Times.Until(one.ExpiresAt, now), one.Agent?.Thumbprint ?? "", one.Agent?.Address ?? "" })]);
        });
    }

    private static async Task RevokeAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await ClusterReference.FindAsync(context, organization, context.Get(Name), ct);
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Revoke the agent of {cluster.Name}? It will get no more states; what runs goes on running.", "Add --yes.");
        await context.Terminal.WaitAsync("Revoking", Finish(context.Hub.Clusters.RevokeAsync(organization, cluster.Id.ToString(), ct)));
        new AcceptedAgents(context.Home, context.HubAddress).Forget(cluster.Id);
        context.Terminal.Result(new { cluster = cluster.Id, cluster.Name, revoked = true }, output => output.WriteLine($"The agent of {cluster.Name} is revoked."));
    }

    private static async Task DeleteAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await ClusterReference.FindAsync(context, organization, context.Get(Name), ct);
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Delete the cluster {cluster.Name} from the Hub? What runs there goes on running.", "Add --yes.");
        await context.Terminal.WaitAsync("Deleting", Finish(context.Hub.Clusters.DeleteAsync(organization, cluster.Id.ToString(), ct)));
        new AcceptedAgents(context.Home, context.HubAddress).Forget(cluster.Id);
        context.Terminal.Result(new { cluster = cluster.Id, cluster.Name, deleted = true }, output => output.WriteLine($"{cluster.Name} is deleted."));
    }

    private static async Task<bool> Finish(Task work)
    {
        await work;
        return true;
    }
}
