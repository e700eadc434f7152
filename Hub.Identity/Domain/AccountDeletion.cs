namespace CodeZero.Hub.Identity.Domain;

/// <summary>A person asked for the end of their account.</summary>
/// <param name="organizations">Organizations that nobody else owns and that the person chose to end with it.</param>
internal sealed class AccountDeletion(Guid userId, DateTimeOffset requestedAt, DateTimeOffset dueAt, Guid[] organizations)
{
    /// <summary>How long the person may think again: somebody else who got at the account cannot take it away in a moment.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(7);

    public Guid UserId { get; private set; } = userId;
    public DateTimeOffset RequestedAt { get; private set; } = requestedAt;
    public DateTimeOffset DueAt { get; private set; } = dueAt;
    public Guid[] Organizations { get; private set; } = organizations;
}

/// <summary>An organization that the person is the only owner of, and that would be nobody's without them.</summary>
/// <param name="OtherMembers">How many would lose it.</param>
/// <param name="Holds">What must be ended there by hand before it can end; nothing when it can.</param>
internal sealed record OwnedAlone(Guid Id, string Slug, string Name, int OtherMembers, IReadOnlyList<string> Holds);

/// <summary>What stands in the way of an account's end.</summary>
internal static class AccountDeletionRules
{
    /// <summary>The first organization that keeps the account, as a sentence for its person; null when none does.</summary>
    /// <param name="chosen">Those that may end with the account.</param>
    public static string? FindFault(IEnumerable<OwnedAlone> owned, IReadOnlyCollection<Guid> chosen)
    {
        foreach (var organization in owned)
            if (organization.Holds.Count > 0)
                return $"{organization.Name} has no owner but you, and cannot end yet. {string.Join(" ", organization.Holds)} Or make another member its owner.";
            else if (!chosen.Contains(organization.Id))
                return $"{organization.Name} has no owner but you. Make another member its owner, or choose that it ends with your account.";
        return null;
    }
}
