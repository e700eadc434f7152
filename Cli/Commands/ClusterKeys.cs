using System.Text;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>A cluster's keys, believed only when the agent that a person accepted vouches for them.</summary>
internal static class ClusterKeys
{
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
