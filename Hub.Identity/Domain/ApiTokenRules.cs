using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Where a token stands.</summary>
public enum ApiTokenState
{
    Active,
    Expired,
    Revoked,

    /// <summary>Void since its person changed how they sign in, or signed out everywhere.</summary>
    Ended,
}

/// <summary>What personal access tokens and API keys have in common.</summary>
internal static class ApiTokenRules
{
    public const int MaxNameLength = 100;

    /// <summary>The longest life, and the usual one.</summary>
    public const int MaxDays = 366, DefaultDays = 90;

    /// <summary>More than there are permissions or organizations to name.</summary>
    public const int MaxPermissions = 100, MaxOrganizations = 100;

    /// <summary>Uses are noted at most this often.</summary>
    public static readonly TimeSpan SightingInterval = TimeSpan.FromMinutes(1);

    /// <summary>The permissions of these names, each once and in their order; null and the first name that no token can have.</summary>
    public static (IReadOnlyList<Permission>? Permissions, string? Unknown) Find(IEnumerable<string> names)
    {
        var wanted = names.ToHashSet(StringComparer.Ordinal);
        var found = Permissions.ForTokens.Where(permission => wanted.Remove(permission.Name)).ToList();
        return wanted.Count == 0 ? (found, null) : (null, wanted.First());
    }

    /// <summary>What is wrong with a name, as a sentence for its author; null when nothing is.</summary>
    public static string? FindFaultOfName(string name) => name.Trim().Length is 0 or > MaxNameLength || name.Any(char.IsControl)
        ? $"A name has 1 to {MaxNameLength} characters, on one line."
        : null;

    /// <summary>The role that a key with these permissions gets unless it asks for more: the lowest that has all of them.</summary>
    public static OrganizationRole LowestRole(IEnumerable<Permission> permissions) => permissions.Max(permission => permission.Minimum);

    public static ApiTokenState StateAt(DateTimeOffset expiresAt, DateTimeOffset? revokedAt, DateTimeOffset now) =>
        revokedAt is not null ? ApiTokenState.Revoked : now < expiresAt ? ApiTokenState.Active : ApiTokenState.Expired;
}
