using System.Text.Json;

namespace CodeZero.Hub.Client;

/// <summary>The signed-in person, or the person of a token.</summary>
/// <param name="Token">The personal access token that was sent; null for who signed in.</param>
public sealed record Account(Guid Id, string Email, IReadOnlyList<MyOrganization> Organizations, AccountToken? Token = null);

/// <summary>What a personal access token says of itself.</summary>
public sealed record AccountToken(Guid Id, string Name, IReadOnlyList<string> Permissions);

/// <summary>An organization, and what the signed-in person is in it: <c>viewer</c>, <c>billing</c>, <c>developer</c>, <c>admin</c> or <c>owner</c>.</summary>
public sealed record MyOrganization(Guid Id, string Slug, string Name, string Role);

/// <summary>An organization in full.</summary>
public sealed record Organization(Guid Id, string Slug, string Name, string Role, DateTimeOffset CreatedAt);

/// <summary>One person's place in an organization.</summary>
/// <param name="Provisioned">Whether the organization's directory says that they have it (SCIM).</param>
public sealed record Member(Guid UserId, string Email, string Role, DateTimeOffset Since, bool Provisioned);

/// <summary>An offer of membership to an e-mail address.</summary>
/// <param name="State"><c>pending</c>, <c>accepted</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="SentAt">When the newest message was sent.</param>
public sealed record Invitation(Guid Id, string Email, string Role, string State, DateTimeOffset SentAt, DateTimeOffset ExpiresAt, DateTimeOffset? AcceptedAt, DateTimeOffset? RevokedAt);

/// <summary>Something that was done in an organization.</summary>
/// <param name="Before">The changed fields as they were; null for something new.</param>
/// <param name="After">The changed fields as they became; null for something that ended.</param>
/// <param name="Hash">SHA-256 over the entry and the hash before, in hexadecimal.</param>
public sealed record AuditEntry(
    long Sequence, DateTimeOffset OccurredAt, AuditActor Actor, string Action, AuditTarget Target, string? Client, string? IpAddress, string? UserAgent, JsonElement? Before, JsonElement? After, string Hash);

/// <param name="Kind"><c>person</c>, <c>agent</c>, <c>apiKey</c> or <c>system</c>.</param>
public sealed record AuditActor(string Kind, string? Id, string? Name);

public sealed record AuditTarget(string Type, string Id, string? Name);

/// <summary>What a check of an audit log found.</summary>
/// <param name="Sequence">The last entry that fits.</param>
/// <param name="Hash">Its hash; kept elsewhere, it shows later whether the log was cut off or written anew.</param>
/// <param name="Fault">What does not fit; null when all does.</param>
public sealed record AuditVerification(bool Intact, long Sequence, string Hash, string? Fault);

internal sealed record NewOrganization(string Name, string? Slug);

internal sealed record RoleChange(string Role);

internal sealed record NewInvitation(string Email, string Role);
