using CodeZero.AgentProtocol;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>What the agent last said about an install.</summary>
/// <param name="Current">Whether it speaks of the install's present digest; otherwise an earlier one still serves.</param>
/// <param name="Phase">Null when it only refused.</param>
/// <param name="Refusal">Why it does not act on the present digest; null when it does, or has not looked yet.</param>
/// <param name="At">By the agent's clock.</param>
internal sealed record Observation(
    DateTimeOffset At, bool Current, InstallPhase? Phase, IReadOnlyList<StepReport> Steps, ObjectCount? Objects, IReadOnlyList<string> FirstErrors, int Drift,
    ReportedRefusal? Refusal)
{
    public static Observation Of(AgentReport report, InstallReport? install, string digest, ReportedRefusal? refusal) => new(
        report.SentAt, install?.Revision.ToString() == digest, install?.Phase, install?.Steps ?? [], install?.Objects, install?.FirstErrors ?? [], install?.Drift ?? 0, refusal);

    /// <summary>The step as reported for the present digest.</summary>
    public StepReport? Step(ReportStep step) => Current ? Steps.FirstOrDefault(reported => reported.Step == step) : null;

    /// <summary>What stays true when something was done about a refusal: the agent is to look again.</summary>
    public Observation Reconsidered() => this with
    {
        Phase = Phase == InstallPhase.Refused ? null : Phase,
        Steps = [.. Steps.Where(step => step.State != StepState.Failed)],
        Refusal = null,
    };

    /// <summary>What stays true when the install gets another digest: what serves until then.</summary>
    public Observation Outdated() => this with { Current = false, Refusal = null };
}
