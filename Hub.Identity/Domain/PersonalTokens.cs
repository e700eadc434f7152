using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Security;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>A personal access token as its person sees it.</summary>
internal sealed class PersonalTokenView
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required string[] Permissions { get; init; }

    /// <summary>Null: all of the person's.</summary>
    public required Guid[]? Organizations { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset? LastUsedAt { get; init; }
    public required DateTimeOffset? RevokedAt { get; init; }
    public required bool IsStampCurrent { get; init; }

    public ApiTokenState StateAt(DateTimeOffset now) =>
        ApiTokenRules.StateAt(ExpiresAt, RevokedAt, now) is not ApiTokenState.Active and var state ? state : IsStampCurrent ? ApiTokenState.Active : ApiTokenState.Ended;
}

/// <summary>What came of making a token.</summary>
internal abstract record PersonalTokenCreation
{
    /// <param name="Token">Its text, which is nowhere else.</param>
    public sealed record Made(PersonalToken Kept, ApiToken Token) : PersonalTokenCreation;

    /// <summary>The person has as many as they may.</summary>
    public sealed record TooMany : PersonalTokenCreation;

    /// <summary>The sign-in has ended, or the person is gone.</summary>
    public sealed record SignedOut : PersonalTokenCreation;
}

/// <summary>People's own tokens: making, seeing, revoking. Making one needs an open transaction of <see cref="IdentityDb"/>.</summary>
internal sealed class PersonalTokens(IdentityDb db, SecurityNotices notices, TimeProvider clock)
{
    /// <summary>The most that one person has in use, and the most of those that ended which are still shown.</summary>
    public const int Limit = 50;

    /// <summary>Makes a token, and tells the person by mail. Who was signed out while they waited makes none.</summary>
    /// <param name="stamp">The account's stamp at the sign-in that the request came with.</param>
    /// <param name="organizations">Null: all of the person's, also those of later.</param>
    /// <param name="amr">How the person signed in.</param>
    public async Task<PersonalTokenCreation> CreateAsync(
        Guid userId, string? stamp, string name, IReadOnlyList<Permission> permissions, IReadOnlyCollection<Guid>? organizations, int days, IEnumerable<string> amr, CancellationToken ct)
    {
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person || person.SecurityStamp != stamp) // two requests must not both count below the limit
            return new PersonalTokenCreation.SignedOut();
        var now = clock.GetUtcNow();
        var live = db.PersonalTokens.Where(token => token.UserId == userId && token.RevokedAt == null && token.ExpiresAt > now && token.SecurityStamp == person.SecurityStamp);
        if (await live.CountAsync(ct) >= Limit)
            return new PersonalTokenCreation.TooMany();
        await db.PersonalTokens.Where(token => token.UserId == userId && (token.RevokedAt != null || token.ExpiresAt <= now || token.SecurityStamp != person.SecurityStamp))
            .OrderByDescending(token => token.Id).Skip(Limit).ExecuteDeleteAsync(ct);
        var made = ApiToken.Create();
        var kept = new PersonalToken(Guid.CreateVersion7(now), userId, name.Trim(), made.Hash, [.. permissions.Select(permission => permission.Name)], organizations is null ? null : [.. organizations.Distinct()],
            [.. amr], person.SecurityStamp!, now, now.AddDays(days));
        db.Add(kept);
        await db.SaveChangesAsync(ct);
        await notices.SendAsync(person, $"A personal access token was made, with the name “{kept.Name}”. Programs act as you with it, until {kept.ExpiresAt.UtcDateTime:yyyy-MM-dd}.", ct);
        return new PersonalTokenCreation.Made(kept, made);
    }

    /// <summary>The person's tokens, those that ended too.</summary>
    public IQueryable<PersonalTokenView> Of(Guid userId) =>
        from token in db.PersonalTokens.AsNoTracking()
        join person in db.Users on token.UserId equals person.Id
        where token.UserId == userId
        select new PersonalTokenView
        {
            Id = token.Id, Name = token.Name, Permissions = token.Permissions, Organizations = token.Organizations, CreatedAt = token.CreatedAt, ExpiresAt = token.ExpiresAt,
            LastUsedAt = token.LastUsedAt, RevokedAt = token.RevokedAt, IsStampCurrent = token.SecurityStamp == person.SecurityStamp,
        };

    /// <summary>Revokes a token; again: the same. False when the person has none of that identifier.</summary>
    public async Task<bool> RevokeAsync(Guid userId, Guid id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await db.PersonalTokens.Where(token => token.Id == id && token.UserId == userId)
            .ExecuteUpdateAsync(set => set.SetProperty(token => token.RevokedAt, token => token.RevokedAt ?? now), ct) == 1;
    }
}
