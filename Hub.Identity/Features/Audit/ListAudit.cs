using System.Globalization;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>An entry of the audit log, as the API shows it.</summary>
/// <param name="Sequence">1, 2, 3, … in the organization.</param>
/// <param name="Client">The application it was done by; null on the Hub's own pages.</param>
/// <param name="Before">The changed fields as they were; null for something new.</param>
/// <param name="After">The changed fields as they became; null for something that ended.</param>
/// <param name="Hash">SHA-256 over the entry and the hash before, in hexadecimal.</param>
public sealed record AuditEntry(
    long Sequence, DateTimeOffset OccurredAt, AuditEntryActor Actor, string Action, AuditEntryTarget Target, string? Client, string? IpAddress, string? UserAgent,
    JsonElement? Before, JsonElement? After, string Hash)
{
    internal static AuditEntry Of(AuditRecord record) => new(
        record.Sequence, record.OccurredAt, new(record.ActorKind, record.ActorId, record.ActorName), record.Action, new(record.TargetType, record.TargetId, record.TargetName),
        record.ClientId, record.IpAddress, record.UserAgent, Parse(record.Before), Parse(record.After), Convert.ToHexStringLower(record.Hash));

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}

/// <summary>Who did it.</summary>
public sealed record AuditEntryActor(AuditActorKind Kind, string? Id, string? Name);

/// <summary>What it was done to.</summary>
public sealed record AuditEntryTarget(string Type, string Id, string? Name);

/// <summary>GET /v1/orgs/{org}/audit: what was done in the organization, the newest first.</summary>
public static class ListAudit
{
    [EndpointSummary("List the audit log")]
    internal static async Task<Ok<Page<AuditEntry>>> Handle([AsParameters] AuditQuery query, [AsParameters] PageRequest page, HttpContext context, IdentityDb db, CancellationToken ct)
    {
        var entries = query.ToFilter().Of(db.AuditEvents.AsNoTracking());
        if (Before(page.Cursor) is { } before)
            entries = entries.Where(entry => entry.Sequence < before);
        return page.Answer(context, await entries.OrderByDescending(entry => entry.Sequence).Take(page.Take).ToListAsync(ct), AuditEntry.Of, entry => CursorOf(entry.Sequence));
    }

    internal static string[] CursorOf(long sequence) => [sequence.ToString(CultureInfo.InvariantCulture)];

    /// <exception cref="InvalidCursorException">It is no cursor of this list.</exception>
    internal static long? Before(string? cursor) => Cursor.Decode(cursor, 1) switch
    {
        null => null,
        [var part] when long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) => sequence,
        _ => throw new InvalidCursorException(),
    };
}
