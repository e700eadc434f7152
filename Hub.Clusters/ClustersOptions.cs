using System.ComponentModel.DataAnnotations;

namespace CodeZero.Hub.Clusters;

/// <summary>The configuration section <c>Hub:Clusters</c>.</summary>
public sealed class ClustersOptions
{
    public const string Section = "Hub:Clusters";

    /// <summary>
    /// Whether a member must confirm an agent's thumbprint before it speaks for its cluster. Default true. False suits development: then whoever has a token
    /// has the cluster, as long as no other agent has it already.
    /// </summary>
    public bool RequireAcceptance { get; set; } = true;

    /// <summary>Longest time between two reports that agents are asked for, in seconds, 10 to 3,600. Default 60.</summary>
    [Range(10, 3600, ErrorMessage = "Hub:Clusters:ReportSeconds must be 10 to 3600.")]
    public int ReportSeconds { get; set; } = 60;

    /// <summary>Enrolments tried per minute from one network address, 1 to 1,000,000. Default 300.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Hub:Clusters:EnrolmentsPerMinute must be 1 to 1000000.")]
    public int EnrolmentsPerMinute { get; set; } = 300;

    /// <summary>An agent that was not heard for this long past its time counts as disconnected.</summary>
    internal TimeSpan LateAfter => TimeSpan.FromSeconds(2 * ReportSeconds);
}
