namespace CodeZero.Hub.Contracts;

/// <summary>Asked before an organization ends. A module implements it when it may have something that people must end by themselves first.</summary>
public interface IOrganizationHold
{
    /// <returns>A sentence that says what stands in the way and how to end it; null when nothing does.</returns>
    Task<string?> FindAsync(Guid organizationId, CancellationToken ct);
}
