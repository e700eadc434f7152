using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Features;

/// <summary>An organization's API key, as the API shows it. The key itself is in the answer that made it alone.</summary>
/// <param name="CreatedBy">Who made it: a person's id.</param>
/// <param name="LastUsedAt">To about a minute; null: never.</param>
public sealed record ApiKeyResource(
    Guid Id, string Name, OrganizationRole Role, IReadOnlyList<string> Permissions, ApiTokenState State, Guid CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt)
{
    internal static ApiKeyResource Of(ApiKey key, DateTimeOffset now) => new(key.Id, key.Name, key.Role, key.Permissions, ApiTokenRules.StateAt(key.ExpiresAt, key.RevokedAt, now), key.CreatedBy, key.CreatedAt,
        key.ExpiresAt, key.LastUsedAt, key.RevokedAt);
}
