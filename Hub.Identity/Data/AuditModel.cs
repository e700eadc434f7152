using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>The audit log.</summary>
internal static class AuditModel
{
    public static void Map(ModelBuilder builder) => builder.Entity<AuditRecord>(record =>
    {
        record.ToTable("audit_events");
        record.HasKey(r => new { r.OrganizationId, r.Sequence });
        record.Property(r => r.ActorKind).HasConversion(kind => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString()), text => Enum.Parse<AuditActorKind>(text, true));
        record.Property(r => r.Before).HasColumnType("json");
        record.Property(r => r.After).HasColumnType("json");
        record.HasIndex(r => new { r.OrganizationId, r.OccurredAt });
        record.HasIndex(r => new { r.OrganizationId, r.ActorId, r.Sequence });
        record.HasIndex(r => new { r.OrganizationId, r.Action, r.Sequence });
        record.HasIndex(r => new { r.OrganizationId, r.TargetId, r.Sequence });
    });
}
