using CodeZero.Hub.Clusters.States;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /agent/v1/state-keys: how the Hub's state keys follow one another, each vouched for by the one before. Public keys only.</summary>
internal static class GetStateKeys
{
    [EndpointSummary("List the keys that sign states, each signed by the one before")]
    internal static async Task<IResult> Handle(IStateKeys keys, HttpResponse response, CancellationToken ct)
    {
        response.Headers.CacheControl = "public, max-age=300";
        return TypedResults.Bytes((await keys.SuccessionsAsync(ct)).ToJson(), "application/json");
    }
}
