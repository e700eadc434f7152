using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A service account of a cluster that may act as a client, by its own token (RFC 8693). Nothing in it is ever fetched.</summary>
/// <param name="Issuer">The cluster's service account issuer, an https address; compared byte for byte with the tokens' <c>iss</c>. At most 400 characters.</param>
/// <param name="Subject"><c>system:serviceaccount:&lt;namespace&gt;:&lt;name&gt;</c>.</param>
/// <param name="Audience">The one audience of its tokens: this Hub's issuer (default), or <c>&lt;issuer&gt;/orgs/&lt;organization id&gt;/…</c>.</param>
/// <param name="Keys">The cluster's JWK Set of 1 to 10 public keys, RSA for RS256 or P-256 for ES256; <c>kubectl get --raw /openid/v1/jwks</c> shows it.</param>
public sealed record WorkloadSettings(
    [Required, StringLength(WorkloadRules.MaxLength, MinimumLength = 1)] string Issuer,
    [Required, StringLength(WorkloadRules.MaxLength, MinimumLength = 1)] string Subject,
    JsonElement Keys,
    [StringLength(WorkloadRules.MaxLength, MinimumLength = 1)] string? Audience = null);

/// <summary>A workload as the API shows it. See <see cref="WorkloadSettings"/>.</summary>
public sealed record WorkloadResource(Guid Id, string Issuer, string Subject, string Audience, JsonElement Keys, DateTimeOffset CreatedAt)
{
    internal static WorkloadResource Of(Workload workload) =>
        new(workload.Id, workload.Issuer, workload.Subject, workload.Audience, JsonSerializer.Deserialize<JsonElement>(workload.Keys), workload.CreatedAt);
}

internal static class WorkloadProblems
{
    public static ProblemHttpResult Of(WorkloadOutcome outcome) => outcome == WorkloadOutcome.TooMany
        ? Problems.Conflict("workload.too_many", $"A client may have {Workloads.Limit} workloads. Remove one first, or register another client.")
        : Problems.Conflict("workload.known", "The client has a workload of this issuer, subject and audience. Change that one.");
}
