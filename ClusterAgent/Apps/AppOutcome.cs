namespace CodeZero.ClusterAgent.Apps;

/// <summary>How far one pass over an App came.</summary>
internal enum AppProgress
{
    /// <summary>Refused or failed; see the problems.</summary>
    Failed,

    /// <summary>Being applied, or applied and not healthy yet.</summary>
    InProgress,

    /// <summary>Applied and healthy.</summary>
    Healthy,

    /// <summary>Being removed.</summary>
    Terminating,
}

/// <summary>What one pass over an App found and did. From it and the status before, the new status follows.</summary>
internal sealed record AppOutcome(AppProgress Progress)
{
    /// <summary>Fingerprint of the rendered objects; null when nothing was rendered.</summary>
    public string? Revision { get; init; }

    public IReadOnlyList<AppProblem> Problems { get; init; } = [];
    public IReadOnlyList<AppCondition> Conditions { get; init; } = [];

    /// <summary>How many objects there are and how many of them are healthy; null when the pass did not come that far.</summary>
    public (int Total, int Ready)? Objects { get; init; }

    /// <summary>What runs; null when the pass did not come that far.</summary>
    public IReadOnlyList<RunningImage>? Images { get; init; }

    /// <summary>Objects put right in this pass.</summary>
    public int DriftCorrected { get; init; }

    /// <summary>Whether the same pass may succeed later without the App, its inputs or the policy being changed.</summary>
    public bool WorthRetrying { get; init; }

    /// <summary>Look again after this time even if nothing is heard.</summary>
    public TimeSpan? LookAgainAfter { get; init; }
}

/// <summary>The pure rules by which a status follows from the one before and the outcome of a pass.</summary>
internal static class AppStatusRules
{
    private const int MaxProblems = 5;
    private const int MaxMessageLength = 999;

    public static AppStatus Next(AppStatus before, AppOutcome outcome, long generation, DateTimeOffset now)
    {
        var revision = outcome.Revision ?? before.Revision;
        var healthy = outcome.Progress == AppProgress.Healthy ? revision : before.HealthyRevision;
        return before with
        {
            Phase = Phase(outcome.Progress, before.HealthyRevision, revision),
            ObservedGeneration = generation,
            Revision = revision,
            HealthyRevision = healthy,
            RolloutStartedAt = RolloutStartedAt(before, outcome, now),
            Drift = before.Drift + outcome.DriftCorrected,
            ObjectsTotal = outcome.Objects?.Total ?? before.ObjectsTotal,
            ObjectsReady = outcome.Objects?.Ready ?? before.ObjectsReady,
            Errors = [.. outcome.Problems.Take(MaxProblems).Select(problem => problem with { Message = Cut(problem.Message) })],
            Images = outcome.Images ?? before.Images,
            Conditions = [.. outcome.Conditions.Select(condition => Keep(before, condition with { Message = Cut(condition.Message) }, now))],
        };
    }

    /// <summary>When the roll-out of this revision began, to which the deadline counts.</summary>
    public static DateTimeOffset RolloutStartedAt(AppStatus before, AppOutcome outcome, DateTimeOffset now) =>
        outcome.Revision is not null && outcome.Revision != before.Revision ? now : before.RolloutStartedAt ?? now;

    private static AppPhase Phase(AppProgress progress, string? healthyRevision, string? revision) => progress switch
    {
        AppProgress.Terminating => AppPhase.Terminating,
        AppProgress.Healthy => AppPhase.Running,
        AppProgress.Failed => healthyRevision is null ? AppPhase.Error : AppPhase.Degraded,
        _ when healthyRevision is null => AppPhase.Installing,
        // The revision that was healthy is not any more: that is no change under way.
        _ => healthyRevision == revision ? AppPhase.Degraded : AppPhase.Configuring,
    };

    /// <summary>A condition keeps its time while it keeps its status.</summary>
    private static AppCondition Keep(AppStatus before, AppCondition condition, DateTimeOffset now) =>
        condition with { Since = before.Conditions.FirstOrDefault(old => old.Type == condition.Type && old.Holds == condition.Holds)?.Since ?? now };

    private static string Cut(string text) => text.Length <= MaxMessageLength ? text : text[..MaxMessageLength] + "…";
}
