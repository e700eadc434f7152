using System.Globalization;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>One signed state.</summary>
/// <param name="Digest">Of its payload; what receipts name.</param>
/// <param name="Reason">What it was signed for.</param>
public sealed record RevisionResource(long Serial, string Digest, string? Previous, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, StateReason Reason);

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/revisions: every state the Hub signed for the cluster, the newest first.</summary>
internal static class ListRevisions
{
    [EndpointSummary("List the states signed for a cluster")]
    internal static async Task<Results<Ok<Page<RevisionResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, HttpContext http, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var before = Cursor.Decode(page.Cursor, 1) switch
        {
            null => long.MaxValue,
            [var part] when long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var serial) => serial,
            _ => throw new InvalidCursorException(),
        };
        var rows = await db.States.Where(state => state.ClusterId == found.Id && state.Serial < before).OrderByDescending(state => state.Serial).Take(page.Take)
            .Select(state => new RevisionResource(state.Serial, state.Digest, state.Previous, state.IssuedAt, state.ExpiresAt, state.Reason)).ToListAsync(ct);
        return page.Answer(http, rows, revision => revision, revision => [revision.Serial.ToString(CultureInfo.InvariantCulture)]);
    }
}
