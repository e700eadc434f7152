using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>What a scope lets an application do, in words for the person who allows it.</summary>
internal static class ScopeWords
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        [Scopes.OpenId] = "Know who you are: your account's identifier, and when you signed in",
        [Scopes.Email] = "See your e-mail address",
        [Scopes.Hub] = "Use CodeZero Hub as you: see and change what you may, in all your organizations",
        [Scopes.OfflineAccess] = "Stay connected until you sign in again, for at most 90 days",
    };

    /// <param name="organization">The one organization it is for; null: all of the person's.</param>
    public static IReadOnlyList<string> Of(IEnumerable<string> scopes, string? organization = null) =>
        [.. Words.Keys.Intersect(scopes).Select(scope => scope == Scopes.Hub && organization is not null ? $"Use CodeZero Hub as you: see and change what you may, in the organization {organization} alone" : Words[scope])];
}
