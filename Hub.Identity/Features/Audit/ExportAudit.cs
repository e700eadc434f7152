using System.Text.Json;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/audit/export: the entries as NDJSON, the oldest first, streamed. docs/audit.md says how to check it elsewhere.</summary>
public static class ExportAudit
{
    internal const string MediaType = "application/x-ndjson";

    [EndpointSummary("Export the audit log as NDJSON")]
    internal static PushStreamHttpResult Handle([AsParameters] AuditQuery query, HttpContext context, Caller caller, AuditTrail trail) => TypedResults.Stream(
        body => WriteAsync(body, trail.ReadAsync(query.ToFilter(), context.RequestAborted), context.RequestAborted), MediaType, $"audit-{caller.OrganizationSlug}.ndjson");

    internal static async Task WriteAsync(Stream body, IAsyncEnumerable<AuditRecord> entries, CancellationToken ct)
    {
        await using var line = new Utf8JsonWriter(body);
        await foreach (var entry in entries)
        {
            Write(line, entry);
            await line.FlushAsync(ct);
            await body.WriteAsync("\n"u8.ToArray(), ct);
            line.Reset();
        }
    }

    private static void Write(Utf8JsonWriter line, AuditRecord entry)
    {
        line.WriteStartObject();
        line.WriteString("organizationId", entry.OrganizationId);
        line.WriteNumber("sequence", entry.Sequence);
        foreach (var (name, value) in new (string, string?)[]
        {
            ("occurredAt", AuditChain.TimeOf(entry)), ("actorKind", AuditChain.KindOf(entry)), ("actorId", entry.ActorId), ("actorName", entry.ActorName), ("clientId", entry.ClientId),
            ("ipAddress", entry.IpAddress), ("userAgent", entry.UserAgent), ("action", entry.Action), ("targetType", entry.TargetType), ("targetId", entry.TargetId),
            ("targetName", entry.TargetName), ("before", entry.Before), ("after", entry.After),
            ("previousHash", Convert.ToHexStringLower(entry.PreviousHash)), ("hash", Convert.ToHexStringLower(entry.Hash)),
        })
            line.WriteString(name, value);
        line.WriteEndObject();
    }
}
