namespace CodeZero.Hub.Registry;

/// <summary>The section <c>Hub:Registry</c>.</summary>
public sealed class RegistryOptions
{
    public const string Section = "Hub:Registry";

    /// <summary>
    /// Slug of the organization that publishes the platform's own applications: its manifests may use <c>system</c>, <c>_id</c> and the other keys kept for the platform.
    /// Default: none.
    /// </summary>
    public string? PlatformPublisher { get; set; }
}
