using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The agent's report (protocol §8), composed from what is known. Pure.</summary>
internal static class ReportComposer
{
    private static readonly string[] Capabilities = ["state.v1", "approval.v1", "inputs.sealed"];

    /// <param name="find">The App of an install as last heard of; null when there is none.</param>
    public static AgentReport Compose(
        Guid cluster, string kubernetesVersion, StateInForce? state, Refusal? stateRefusal, IReadOnlyDictionary<Guid, InstallVerdict> verdicts,
        Func<DesiredInstall, AppSnapshot?> find, DateTimeOffset now)
    {
        var refusals = new List<ReportedRefusal>();
        if (stateRefusal is not null)
            refusals.Add(new(stateRefusal.Code, Cut(stateRefusal.Reason), null));
        // Its end comes while it is in force, so it is told by the present time and not by that of its acceptance.
        if (state?.Accepted.State.ExpiryAt(now) is { } expired)
            refusals.Add(new(expired.Code, Cut(expired.Reason), null));
        foreach (var warning in state?.Accepted.Warnings.Where(warning => warning.Code != RefusalCode.StateExpired) ?? [])
            refusals.Add(new(warning.Code, Cut(warning.Reason), null));
        foreach (var verdict in verdicts.Values.Where(verdict => verdict.Refusal is not null))
            refusals.Add(new(verdict.Refusal!.Code, Cut(verdict.Refusal.Reason), verdict.Install.Id));
        return new(
            cluster, AgentVersion.Text, kubernetesVersion, Capabilities, state?.Accepted.State.Serial, state?.Accepted.Digest, UtcSeconds(now),
            [.. (state?.Accepted.State.Installs ?? []).Select(install => Install(install, state!, verdicts.GetValueOrDefault(install.Id), find(install)))], refusals);
    }

    private static InstallReport Install(DesiredInstall install, StateInForce state, InstallVerdict? verdict, AppSnapshot? app)
    {
        var revision = verdict?.Revision ?? InstallDigest.Of(state.Accepted.State.Cluster, state.Accepted.State.Organization, install);
        var current = app is not null && app.Revision == revision.ToString() && app.Status.ObservedGeneration == app.Generation;
        var status = current ? app!.Status : new AppStatus();
        return new(
            install.Id, revision, install.Version, Phase(install, verdict, app, current),
            [.. Steps(state.FetchedAt.GetValueOrDefault(LinkNames.EntryOf(state.Accepted.State, install), state.Accepted.State.IssuedAt), verdict, status)],
            [.. status.Conditions.Take(InstallReport.MaxConditions).Select(Condition)],
            new(status.ObjectsTotal, status.ObjectsReady),
            [.. status.Errors.Select(problem => Cut(problem.ToString())).Take(InstallReport.MaxFirstErrors)],
            (int)Math.Min((app?.Status.Drift ?? 0) + (verdict?.PutBack ?? 0), int.MaxValue),
            [.. status.Images.Take(InstallReport.MaxImages).Select(image => new ImageReport(image.Image, Digest.TryParse(image.Digest, out var digest) ? digest : null))]);
    }

    private static InstallPhase Phase(DesiredInstall install, InstallVerdict? verdict, AppSnapshot? app, bool current) => verdict switch
    {
        null => InstallPhase.Pending,
        { Refusal: not null } => InstallPhase.Refused,
        { Removed: true } => InstallPhase.Removed,
        _ when install.Paused => InstallPhase.Paused,
        _ when install.Removed => InstallPhase.Removing,
        _ when !current => InstallPhase.Progressing,
        _ => app!.Status.Phase switch
        {
            AppPhase.Running => InstallPhase.Healthy,
            AppPhase.Error => InstallPhase.Failed,
            AppPhase.Degraded => InstallPhase.Degraded,
            AppPhase.Terminating => InstallPhase.Removing,
            _ => InstallPhase.Progressing,
        },
    };

    private static IEnumerable<StepReport> Steps(DateTimeOffset fetchedAt, InstallVerdict? verdict, AppStatus status)
    {
        var fetched = new StepReport(ReportStep.Fetched, UtcSeconds(fetchedAt), StepState.Done);
        if (verdict is null)
            return [fetched];
        var decidedAt = UtcSeconds(verdict.DecidedAt);
        StepReport[] done = [fetched, new(ReportStep.Verified, decidedAt, StepState.Done)];
        if (verdict.Refusal is not { } refusal)
            return [.. done, .. StepsOf(status)];
        var broken = RefusalCode.StepOf(refusal.Code);
        return [.. done.TakeWhile(step => step.Step < broken), new(broken, decidedAt, StepState.Failed, refusal.Code, Cut(refusal.Reason))];
    }

    private static IEnumerable<StepReport> StepsOf(AppStatus status)
    {
        // Whatever keeps the objects from being written (rendering, local policy, the API server) is a failure to apply.
        var obstacle = status.Conditions.FirstOrDefault(condition => condition is { Type: AppConditions.Rendered or AppConditions.Permitted, Holds: false });
        foreach (var (step, condition) in new[]
        {
            (ReportStep.Applied, obstacle ?? status.Conditions.FirstOrDefault(condition => condition.Type == AppConditions.Applied)),
            (ReportStep.Healthy, status.Conditions.FirstOrDefault(condition => condition.Type == AppConditions.Healthy)),
        })
            if (condition is not null)
                yield return Step(step, condition, status);
    }

    private static StepReport Step(ReportStep step, AppCondition condition, AppStatus status) => condition.Holds switch
    {
        true => new(step, UtcSeconds(condition.Since), StepState.Done),
        false when status.Phase is AppPhase.Installing or AppPhase.Configuring => new(step, UtcSeconds(condition.Since), StepState.Running, null, Cut(condition.Message)),
        false => new(step, UtcSeconds(condition.Since), StepState.Failed, condition.Reason, Cut(condition.Message)),
        null => new(step, UtcSeconds(condition.Since), StepState.Running, null, Cut(condition.Message)),
    };

    private static ConditionReport Condition(AppCondition condition) => new(
        condition.Type, condition.Holds switch { true => ConditionStatus.True, false => ConditionStatus.False, null => ConditionStatus.Unknown },
        condition.Reason, Cut(condition.Message), UtcSeconds(condition.Since));

    private static DateTimeOffset UtcSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    /// <summary>Fits a report: short enough, and without NUL, which the Hub's database cannot keep; a container's last words may hold any.</summary>
    private static string Cut(string text)
    {
        text = text.Replace('\0', '\uFFFD');
        return text.Length <= InstallReport.MaxText ? text : text[..(InstallReport.MaxText - 1)] + "…";
    }
}
