using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// POST /agent/v1/receipts: the agent's signed word about one state. The Hub keeps what the present agent key signed, and judges nothing: whether the chain is whole
/// is for `czctl clusters audit` to find, without trusting the Hub. The same receipt again changes nothing.
/// </summary>
internal static class SendReceipt
{
    private const int MaxBytes = 16 * 1024;

    [EndpointSummary("Hand in a signed receipt of a state")]
    internal static async Task<IResult> Handle(HttpRequest http, ClustersDb db, AgentCaller caller, TimeProvider clock, CancellationToken ct)
    {
        if (await WireBody.ReadAsync(http, MaxBytes, ct) is not { } body)
            return WireBody.TooLarge(MaxBytes);
        if (!DsseEnvelope.Parse(body.Span).TryGet(out var envelope, out var refusal))
            return Problems.BadRequest(refusal.Code, refusal.Reason);
        var agent = http.HttpContext.Features.GetRequiredFeature<CurrentAgent>();
        if (!Receipt.Verify(envelope, EcPublicKey.Parse(agent.PublicKey).Value).TryGet(out var receipt, out refusal))
            return Problems.Unprocessable(refusal.Code, refusal.Reason);
        if (receipt.Value.Cluster != caller.Cluster)
            return Problems.Unprocessable("receipt.wrong_cluster", $"The receipt is about cluster {receipt.Value.Cluster}; this agent speaks for {caller.Cluster}.");
        var row = StoredReceipt.Of(caller.Organization, receipt, envelope, clock.GetUtcNow());
        await db.Database.ExecuteSqlAsync($"""
            insert into clusters.receipts (organization_id, id, cluster_id, digest, previous, serial, result, signed_at, thumbprint, envelope, received_at)
            values ({row.OrganizationId}, {row.Id}, {row.ClusterId}, {row.Digest}, {row.Previous}, {row.Serial}, {row.Result}, {row.SignedAt}, {row.Thumbprint}, {row.Envelope}, {row.ReceivedAt})
            on conflict (organization_id, cluster_id, digest) do nothing
            """, ct);
        return TypedResults.NoContent();
    }
}
