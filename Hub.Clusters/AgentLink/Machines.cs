using CodeZero.AgentProtocol;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>Agents at the token endpoint: <c>agent.&lt;organization&gt;.&lt;cluster&gt;</c>, with the key that speaks for the cluster now. Who waits for acceptance gets no token.</summary>
internal sealed class Machines(AgentDirectory directory, IOptions<AccessTokenOptions> tokens) : IMachineClients
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(5);

    public async Task<MachineClient?> FindAsync(string clientId, CancellationToken ct)
    {
        if (clientId.Split('.') is not ["agent", var first, var second]
            || !Guid.TryParseExact(first, "N", out var organization) || !Guid.TryParseExact(second, "N", out var cluster)
            || AgentApi.ClientId(organization, cluster) != clientId)
            return null;
        if (await directory.ReadAsync(organization, cluster, ct) is not { } agent)
            return null;
        var claims = new Dictionary<string, string> { [AgentPolicy.OrganizationClaim] = organization.ToString(), [AgentPolicy.ClusterClaim] = cluster.ToString() };
        return new(clientId, agent.PublicKey, AgentApi.Scope, $"{tokens.Value.Issuer}/agent", claims, TokenLifetime);
    }
}
