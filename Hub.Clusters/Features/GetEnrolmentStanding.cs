using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// GET /agent/v1/enrolment?organization=…&amp;cluster=…: an agent asks where its enrolment stands. It has no access token yet; a DPoP proof by its key is all it
/// takes, and all it learns is about that key.
/// </summary>
internal static class GetEnrolmentStanding
{
    [EndpointSummary("Ask whether the agent was accepted")]
    internal static async Task<IResult> Handle(
        Guid organization, Guid cluster, HttpContext http, DpopProofs proofs, Tenant tenant, ClustersDb db, IStateKeys keys, IOptions<AccessTokenOptions> tokens, CancellationToken ct)
    {
        var decision = await proofs.AcceptAsync(http, accessToken: null, boundKey: null, ct);
        if (decision.Proof is not { } proof)
        {
            http.Response.Headers.WWWAuthenticate = $"DPoP algs=\"ES256\", error=\"{decision.Error}\"";
            return Problems.Create(StatusCodes.Status401Unauthorized, $"unauthorized.{decision.Error}", decision.Description!);
        }
        tenant.Enter(organization);
        var agent = await db.InTransactionAsync(() => db.Agents.AsNoTracking()
            .Where(agent => agent.ClusterId == cluster && agent.Thumbprint == proof.Thumbprint)
            .OrderByDescending(agent => agent.RequestedAt).FirstOrDefaultAsync(ct), ct);
        return agent is null ? Problems.NotFound() : await EnrolAgent.AnswerAsync(agent, StatusCodes.Status200OK, keys, tokens.Value, ct);
    }
}
