using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>The agent's signed word about one state.</summary>
/// <param name="Digest">Of the receipt's payload; what the next one names as <paramref name="Previous"/>.</param>
/// <param name="Result"><c>accepted</c>, or the refusal's code.</param>
/// <param name="Thumbprint">The agent key that signed it.</param>
public sealed record ReceiptResource(string Digest, string? Previous, long? Serial, string Result, DateTimeOffset SignedAt, string Thumbprint, DateTimeOffset ReceivedAt, DsseEnvelope Envelope);

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/receipts: all of them, the oldest first, for whoever wants to check the chain without trusting the Hub.</summary>
internal static class ListReceipts
{
    [EndpointSummary("List the agent's signed receipts of states")]
    internal static async Task<Results<Ok<Page<ReceiptResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, HttpContext http, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var rows = db.Receipts.AsNoTracking().Where(receipt => receipt.ClusterId == found.Id);
        if (Cursor.DecodeId(page.Cursor) is { } after)
            rows = rows.Where(receipt => receipt.Id > after);
        return page.Answer(http, await rows.OrderBy(receipt => receipt.Id).Take(page.Take).ToListAsync(ct), ToResource, receipt => Cursor.Of(receipt.Id));
    }

    private static ReceiptResource ToResource(StoredReceipt receipt) => new(
        receipt.Digest, receipt.Previous, receipt.Serial, receipt.Result, receipt.SignedAt, receipt.Thumbprint, receipt.ReceivedAt, DsseEnvelope.Parse(receipt.Envelope).Value);
}
