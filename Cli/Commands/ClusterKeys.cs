using System.CommandLine;
using System.Text;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>A cluster's keys, believed only when the agent that a person accepted vouches for them.</summary>
internal static class ClusterKeys
{
    public static readonly Option<string?> AgentThumbprint = new("--agent-thumbprint")
    {
        Description = "The agent key you trust with the answers. Default: the one accepted from here with `czctl clusters accept`.",
        HelpName = "THUMBPRINT",
    };

    /// <summary>Seals answers to the cluster and to one install: a compact JWE that the Hub cannot read.</summary>
    /// <exception cref="CommandError">Nobody accepted the cluster's agent from here, or its keys are not vouched for.</exception>
    public static string Seal(CommandContext context, Cluster cluster, Guid install, IReadOnlyDictionary<string, string> answers)
    {
        var thumbprint = context.Get(AgentThumbprint)?.Trim() ?? new AcceptedAgents(context.Home, context.HubAddress).Find(cluster.Id)
            ?? throw CommandError.Refused("agent.unknown", $"Nobody has accepted the agent of {cluster.Name} from here, so the answers cannot be sealed to it: the Hub's word alone is not enough.",
                $"Read the thumbprint in the cluster (kubectl -n codezero-system get cm codezero-agent -o yaml); then: czctl clusters accept {cluster.Name} --thumbprint THUMBPRINT, or give --agent-thumbprint.");
        return Encoding.ASCII.GetString(SealedInputs.Seal(Verify(cluster, thumbprint).Sealing, cluster.Id, install, new Inputs(answers)));
    }

    /// <param name="thumbprint">The accepted agent's, from somewhere other than the Hub.</param>
    /// <exception cref="CommandError">The cluster has no agent, or its keys are not vouched for by this one.</exception>
    public static AgentKeys Verify(Cluster cluster, string thumbprint)
    {
        if (cluster.Agent is not { } agent)
            throw CommandError.Refused("agent.none", $"No agent speaks for {cluster.Name}.", $"Let one join: czctl clusters join {cluster.Name}");
        return DsseEnvelope.Parse(Encoding.UTF8.GetBytes(agent.Keys.GetRawText())).TryGet(out var envelope, out var refusal)
            && AgentKeys.Verify(envelope, cluster.Id, thumbprint).TryGet(out var keys, out refusal)
                ? keys
                : throw CommandError.Refused(refusal.Code, $"The keys that the Hub gives for {cluster.Name} are not those of the agent you accepted: {refusal.Reason}",
                    $"If the agent was replaced, accept the new one after comparing: czctl clusters accept {cluster.Name}. If not, tell the Hub's operator.");
    }
}
