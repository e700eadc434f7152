namespace CodeZero.Hub.Client;

/// <summary>A personal access token, without its secret.</summary>
/// <param name="Organizations">The organizations it is limited to; null: all of its person's.</param>
/// <param name="State"><c>active</c>, <c>expired</c>, <c>revoked</c>, or <c>ended</c> by a change of how its person signs in.</param>
/// <param name="LastUsedAt">To about a minute; null: never.</param>
public sealed record PersonalToken(
    Guid Id, string Name, IReadOnlyList<string> Permissions, IReadOnlyList<Guid>? Organizations, string State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt);

/// <summary>An API key of an organization, without its secret.</summary>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="LastUsedAt">To about a minute; null: never.</param>
public sealed record ApiKey(
    Guid Id, string Name, string Role, IReadOnlyList<string> Permissions, string State, Guid CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt);

/// <summary>A token that was just made.</summary>
/// <param name="Secret">What programs send. It is nowhere else.</param>
public sealed record MadePersonalToken(PersonalToken Token, string Secret)
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"token {Token.Id}";
}

/// <summary>A key that was just made.</summary>
/// <param name="Secret">What programs send. It is nowhere else.</param>
public sealed record MadeApiKey(ApiKey Key, string Secret)
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"key {Key.Id}";
}

/// <summary>A personal access token to make.</summary>
/// <param name="Organizations">Slugs or ids; null: all of the person's.</param>
/// <param name="ExpiresInDays">1 to 366; null: 90.</param>
public sealed record NewPersonalToken(string Name, IReadOnlyList<string> Permissions, IReadOnlyList<string>? Organizations = null, int? ExpiresInDays = null);

/// <summary>An API key to make.</summary>
/// <param name="Role">Null: the lowest that has all the permissions.</param>
/// <param name="ExpiresInDays">1 to 366; null: 90.</param>
public sealed record NewApiKey(string Name, IReadOnlyList<string> Permissions, string? Role = null, int? ExpiresInDays = null);
