using CodeZero.AppManifest;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /agent/v1/blobs/{digest}: a document that this cluster's newest state or the one before it names. Any other is not there, wherever it is.</summary>
internal static class FetchBlob
{
    [EndpointSummary("Fetch a manifest, sealed inputs or approvals that the state names")]
    internal static async Task<IResult> Handle(string digest, ClustersDb db, AgentCaller caller, HttpResponse response, CancellationToken ct)
    {
        if (!Digest.TryParse(digest, out _))
            return Problems.BadRequest("blob.digest", "A digest is written sha256:<64 lower-case hexadecimal digits>.");
        var content = await db.StateBlobs.Where(blob => blob.ClusterId == caller.Cluster && blob.Digest == digest)
            .Join(db.Blobs, named => named.Digest, blob => blob.Digest, (_, blob) => blob.Content).FirstOrDefaultAsync(ct);
        if (content is null)
            return Problems.NotFound();
        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.Bytes(content, "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{digest}\""));
    }
}
