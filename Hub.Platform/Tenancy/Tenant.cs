namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>
/// Who this scope (one request, one event, one job's turn) works for. It stands in every transaction as the settings
/// <c>codezero.organization</c> and <c>codezero.user</c>, which row-level security reads. Nothing set: zero rows.
/// </summary>
public sealed class Tenant
{
    /// <summary>The organization whose rows this scope sees; null sees none.</summary>
    public Guid? OrganizationId { get; private set; }

    /// <summary>The signed-in person, who sees their own memberships across organizations.</summary>
    public Guid? UserId { get; private set; }

    /// <summary>Enters an organization, once: a scope never changes its tenant.</summary>
    /// <exception cref="InvalidOperationException">The scope already works for another organization.</exception>
    public void Enter(Guid organizationId)
    {
        if (OrganizationId is { } current && current != organizationId)
            throw new InvalidOperationException("This scope already works for another organization; open a scope of its own.");
        OrganizationId = organizationId;
    }

    /// <summary>Names the signed-in person, once.</summary>
    /// <exception cref="InvalidOperationException">The scope already has another person.</exception>
    public void SignIn(Guid userId)
    {
        if (UserId is { } current && current != userId)
            throw new InvalidOperationException("This scope already has another person.");
        UserId = userId;
    }
}
