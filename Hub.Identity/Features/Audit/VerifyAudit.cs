using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// GET /v1/orgs/{org}/audit/verification: recomputes the hash chain of the whole log. With <c>?sequence=&amp;hash=</c> of an answer kept from before, also whether that entry still stands:
/// only so can it be seen that the end was cut off, or everything written anew.
/// </summary>
public static class VerifyAudit
{
    public sealed record Query
    {
        /// <summary>The number of an entry whose hash is known.</summary>
        [FromQuery(Name = "sequence"), Range(1, long.MaxValue)]
        public long? Sequence { get; init; }

        /// <summary>Its hash, 64 hexadecimal digits.</summary>
        [FromQuery(Name = "hash"), RegularExpression("^[0-9a-fA-F]{64}$", ErrorMessage = "A hash is 64 hexadecimal digits.")]
        public string? Hash { get; init; }
    }

    /// <param name="Intact">Whether every entry is as it was written, and none is missing; of the known entry too.</param>
    /// <param name="Sequence">The last entry that fits: its number, 0 in an empty log.</param>
    /// <param name="Hash">Its hash. Keep number and hash elsewhere.</param>
    /// <param name="Fault">What does not fit after it; null when all does.</param>
    public sealed record Response(bool Intact, long Sequence, string Hash, string? Fault);

    [EndpointSummary("Check the audit log")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle([AsParameters] Query query, AuditTrail trail, CancellationToken ct)
    {
        if (query.Sequence is null != query.Hash is null)
            return Problems.Invalid(query.Hash is null ? "hash" : "sequence", "sequence and hash belong together. Send both, or neither.");
        var (state, stands) = await trail.VerifyAsync(query.Sequence is { } sequence ? (sequence, Convert.FromHexString(query.Hash!)) : null, ct);
        var fault = state.Fault ?? (stands == false ? $"Entry {query.Sequence} is not the one whose hash you know: the log was cut off, or written anew." : null);
        return TypedResults.Ok(new Response(fault is null, state.Entries, Convert.ToHexStringLower(state.Head), fault));
    }
}
