using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>
/// czctl clusters accept: lets the agent with this thumbprint speak for the cluster, and remembers here that it was accepted. Accepting again changes nothing.
/// </summary>
internal static class AcceptCommand
{
    private static readonly Argument<string> Name = new("cluster") { Description = "The cluster's name or id." };
    private static readonly Option<string?> Thumbprint = new("--thumbprint")
    {
        Description = "The agent key's thumbprint, read where the agent shows it: kubectl -n codezero-system get configmap codezero-agent -o jsonpath='{.data.thumbprint}'",
        HelpName = "THUMBPRINT",
    };

    public static CzCommand Create() => new CzCommand("accept", "Accept the agent that asks to join, after comparing its thumbprint.",
    [
        "czctl clusters accept production",
        "czctl clusters accept production --thumbprint \"$(kubectl -n codezero-system get cm codezero-agent -o jsonpath='{.data.thumbprint}')\"",
    ], RunAsync).With(Name, Thumbprint);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(Name), ct));
        var thumbprint = context.Get(Thumbprint)?.Trim() ?? await CompareAsync(context, organization, cluster, ct);
        if (thumbprint.Length != 43)
            throw CommandError.Usage($"\"{thumbprint}\" is no thumbprint.", "It has 43 characters; the agent shows it in its log and in the ConfigMap codezero-agent.");

        var accepted = cluster.Agent?.Thumbprint == thumbprint
            ? cluster
            : await context.Terminal.WaitAsync($"Accepting {thumbprint}", context.Hub.Clusters.AcceptAsync(organization, cluster.Id.ToString(), thumbprint, ct));
        if (accepted.Agent?.Thumbprint != thumbprint)
            throw CommandError.Refused("agent.thumbprint_differs", $"The Hub says that {accepted.Agent?.Thumbprint ?? "no agent"} speaks for {accepted.Name} now.", "Look at `czctl clusters show`, and accept again.");
        ClusterKeys.Verify(accepted, thumbprint);
        new AcceptedAgents(context.Home, context.HubAddress).Accept(accepted.Id, thumbprint);
        context.Terminal.Result(accepted, output => output.WriteLine($"The agent {thumbprint} speaks for {accepted.Name}."));
    }

    /// <summary>Has the person type the beginning of the thumbprint: what the Hub shows is not proof, what the agent shows is.</summary>
    private static async Task<string> CompareAsync(CommandContext context, string organization, Cluster cluster, CancellationToken ct)
    {
        var pending = new List<EnrollingAgent>();
        await foreach (var enrolment in context.Hub.Clusters.EnrolmentsAsync(organization, cluster.Id.ToString(), ct))
            if (enrolment.Agent is { Status: "pending" } agent)
                pending.Add(agent);
        if (pending.Count == 0)
            throw CommandError.Refused("agent.none_pending", cluster.Agent is null ? $"No agent asks to join {cluster.Name}." : $"{cluster.Name} has its agent, and no other asks to join.",
                cluster.Agent is null ? $"Let one join: czctl clusters join {cluster.Name}" : $"To trust the present one from here, name it: czctl clusters accept {cluster.Name} --thumbprint THUMBPRINT");
        const string otherwise = "Read the thumbprint where the agent shows it, and give it with --thumbprint.";
        foreach (var agent in pending)
            context.Terminal.Note($"An agent asks to join {cluster.Name}, from {agent.Address}, cluster UID {agent.ClusterUid}.");
        var typed = context.Terminal.Ask("Read the thumbprint in the agent's log or in ConfigMap codezero-agent, and type it here", otherwise).Trim();
        return pending.Any(agent => agent.Thumbprint == typed)
            ? typed
            : throw CommandError.Refused("agent.thumbprint_differs", "No agent that asks to join has this thumbprint.", "If you typed it right, somebody else used the token: czctl clusters revoke, then join anew.");
    }
}
