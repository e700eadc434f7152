using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An entry of an organization's audit log. Never changed, never removed.</summary>
internal sealed record AuditRecord : ITenantOwned
{
    public required Guid OrganizationId { get; init; }

    /// <summary>1, 2, 3, … without gaps in each organization.</summary>
    public required long Sequence { get; init; }

    /// <summary>In whole microseconds, as the database keeps it.</summary>
    public required DateTimeOffset OccurredAt { get; init; }

    public required AuditActorKind ActorKind { get; init; }
    public string? ActorId { get; init; }
    public string? ActorName { get; init; }

    /// <summary>The application it was done by; null on the Hub's own pages and for what needs none.</summary>
    public string? ClientId { get; init; }

    public string? IpAddress { get; init; }
    public string? UserAgent { get; init; }
    public required string Action { get; init; }
    public required string TargetType { get; init; }
    public required string TargetId { get; init; }
    public string? TargetName { get; init; }

    /// <summary>JSON, kept as it was written.</summary>
    public string? Before { get; init; }

    /// <summary>JSON, kept as it was written.</summary>
    public string? After { get; init; }

    /// <summary>The hash of the entry before; zeros for the first.</summary>
    public required byte[] PreviousHash { get; init; }

    public byte[] Hash { get; init; } = [];
}
