namespace CodeZero.Hub.Contracts;

/// <summary>What other modules may ask of clusters. Implemented by Hub.Clusters.</summary>
public interface IClusters
{
    /// <summary>Whether this cluster is the organization's, and was not removed.</summary>
    Task<bool> ExistsAsync(Guid organizationId, Guid clusterId, CancellationToken ct);
}
