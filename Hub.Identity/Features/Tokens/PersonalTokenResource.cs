using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A personal access token, as the API shows it to its person. The token itself is in the answer that made it alone.</summary>
/// <param name="Organizations">The organizations it is limited to; null: all of the person's.</param>
/// <param name="LastUsedAt">To about a minute; null: never.</param>
public sealed record PersonalTokenResource(
    Guid Id, string Name, IReadOnlyList<string> Permissions, IReadOnlyList<Guid>? Organizations, ApiTokenState State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt)
{
    internal static PersonalTokenResource Of(PersonalTokenView token, DateTimeOffset now) =>
        new(token.Id, token.Name, token.Permissions, token.Organizations, token.StateAt(now), token.CreatedAt, token.ExpiresAt, token.LastUsedAt, token.RevokedAt);
}

/// <summary>Why a token was not made, in words.</summary>
internal static class ApiTokenProblems
{
    public static readonly string TooManyOfPerson = $"You have {PersonalTokens.Limit} tokens in use, which is as many as one may. Revoke one that you do not need any more.";
    public static readonly string TooManyOfOrganization = $"The organization has {ApiKeys.Limit} keys in use, which is as many as one may have. Revoke one that is not needed any more.";

    public const string RoleAboveOwn = "A key has at most the role admin, and at most that of who makes it. Ask for less, or a member who has it.";

    public static ProblemHttpResult TooMany(string words) => Problems.Conflict("token.limit_reached", words);

    public static string UnknownPermission(string name) => $"No token can have the permission '{name}'. Those it can have: {string.Join(", ", Permissions.ForTokens.Select(permission => permission.Name))}.";

    public static string UnknownOrganization(string name) => $"You are in no organization '{name}'.";
}
