using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>How an install is doing, in one word.</summary>
public enum InstallPhase
{
    /// <summary>Waits for its turn, or for what it depends on.</summary>
    Pending,

    /// <summary>Objects are being written, or are not ready yet.</summary>
    Progressing,
    Healthy,

    /// <summary>Was healthy, and some of it is not ready.</summary>
    Degraded,

    /// <summary>Did not become healthy in time; the previous revision serves on where there is one.</summary>
    Failed,

    /// <summary>Not applied: see the refusals.</summary>
    Refused,
    Paused,
    Removing,
    Removed,
}

/// <summary>The links of the chain that happen in the cluster.</summary>
public enum ReportStep
{
    Fetched,
    Verified,
    Applied,
    Healthy,
}

/// <summary>How far a step is.</summary>
public enum StepState
{
    Waiting,
    Running,
    Done,
    Failed,
}

/// <summary>One link of the chain.</summary>
/// <param name="At">Since when it is in this state.</param>
/// <param name="Code">Why it failed (<see cref="RefusalCode"/> or the agent's own); else null.</param>
/// <param name="Detail">For people, at most 1,000 characters.</param>
public sealed record StepReport(ReportStep Step, DateTimeOffset At, StepState State, string? Code = null, string? Detail = null);

/// <summary>A Kubernetes condition's status, in lower case here.</summary>
public enum ConditionStatus
{
    True,
    False,
    Unknown,
}

/// <summary>A condition of the App resource.</summary>
public sealed record ConditionReport(string Type, ConditionStatus Status, string Reason, string Message, DateTimeOffset At);

/// <summary>How many Kubernetes objects an install has and how many are ready.</summary>
public sealed record ObjectCount(int Desired, int Ready);

/// <summary>An image that runs, by what the registry served: not by tag.</summary>
/// <param name="Digest">As the node reports it, <c>sha256:…</c>; null while no node has pulled it.</param>
public sealed record ImageReport(string Image, Digest? Digest);

/// <summary>One install in a report.</summary>
/// <param name="Revision">The <see cref="InstallDigest"/> of what is applied, or being applied.</param>
/// <param name="Steps">At most one of each <see cref="ReportStep"/>.</param>
/// <param name="FirstErrors">At most 5, of at most 1,000 characters.</param>
/// <param name="Drift">How many objects were corrected since the agent started.</param>
public sealed record InstallReport(
    Guid Id, Digest Revision, string Version, InstallPhase Phase, IReadOnlyList<StepReport> Steps, IReadOnlyList<ConditionReport> Conditions,
    ObjectCount Objects, IReadOnlyList<string> FirstErrors, int Drift, IReadOnlyList<ImageReport> Images)
{
    public const int MaxFirstErrors = 5, MaxText = 1000, MaxConditions = 20, MaxImages = 200;

    internal static IEnumerable<string> Problems(InstallReport install)
    {
        if (!Rules.IsVersion(install.Version))
            yield return "version must be 1 to 128 of the characters 0-9 A-Z a-z . + -.";
        if (install.Steps.Any(s => s is null || s.Code?.Length > 64 || s.Detail?.Length > MaxText) || install.Steps.Select(s => s.Step).Distinct().Count() != install.Steps.Count)
            yield return $"steps must hold each step once, with a detail of at most {MaxText} characters.";
        if (install.Conditions.Count > MaxConditions || install.Conditions.Any(c => c is null || !Rules.IsText(c.Type, 128) || c.Reason.Length > 128 || c.Message.Length > MaxText))
            yield return $"conditions must be at most {MaxConditions}, each with a type of 1 to 128, a reason of at most 128 and a message of at most {MaxText} characters.";
        if (install.FirstErrors.Count > MaxFirstErrors || install.FirstErrors.Any(e => e is null || e.Length > MaxText))
            yield return $"firstErrors must be at most {MaxFirstErrors}, of at most {MaxText} characters.";
        if (install.Objects.Desired < 0 || install.Objects.Ready < 0 || install.Drift < 0)
            yield return "objects and drift must not be negative.";
        if (install.Images.Count > MaxImages || install.Images.Any(i => i is null || !Rules.IsText(i.Image, 512)))
            yield return $"images must be at most {MaxImages}, each named by 1 to 512 characters.";
    }
}
