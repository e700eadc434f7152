namespace CodeZero.AppManifest;

/// <summary>How a manifest is judged.</summary>
public sealed record ManifestOptions
{
    public static ManifestOptions Default { get; } = new();

    /// <summary>An unknown key of a known provisioner (AppEngine, helmengine) is an error instead of a warning.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// For catalogues written for the original system: known mistakes are repaired where their meaning is certain. What a publisher must decide
    /// is still reported as an error, but the repaired application is in the result. Keys of platform-owned applications are dropped with a warning.
    /// </summary>
    public bool Importer { get; init; }

    /// <summary>The publisher is the platform's own account: <c>system</c>, <c>_id</c>, a fixed namespace, a desktop element and short ids are allowed.</summary>
    public bool PlatformPublisher { get; init; }
}

/// <summary>What came of a manifest.</summary>
/// <param name="Applications">
/// One per document that has no error; with <see cref="ManifestOptions.Importer"/> also those whose errors could be repaired.
/// </param>
/// <param name="Diagnostics">Everything found, ordered by place.</param>
public sealed record ManifestResult(IReadOnlyList<Application> Applications, IReadOnlyList<Diagnostic> Diagnostics)
{
    public bool HasErrors => Diagnostics.Any(d => d.Severity == Severity.Error);
}
