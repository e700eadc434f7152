using System.Globalization;
using CodeZero.AgentProtocol;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>The links between an application's publication and its health in a cluster, in order.</summary>
public enum ChainStepName
{
    Published,
    Approved,
    Fetched,
    Verified,
    Applied,
    Healthy,
}

/// <summary>How a link stands.</summary>
public enum ChainState
{
    Done,
    Waiting,
    Refused,
    NotRequired,
}

/// <summary>One link: how it stands, since when, and if it does not hold, why and what to do.</summary>
/// <param name="Code">Stable, for programs; null when there is nothing to say.</param>
public sealed record ChainStep(ChainStepName Step, ChainState State, DateTimeOffset? At = null, string? Code = null, string? Detail = null);

/// <summary>Everything the chain is told from.</summary>
/// <param name="Approvals">How many approvals of the present digest there are.</param>
/// <param name="AgentAccepted">Whether any agent speaks for the cluster.</param>
internal sealed record ChainFacts(
    DateTimeOffset Now, Install Install, int Approvals, DateTimeOffset? LastApprovedAt, bool AgentAccepted, DateTimeOffset? LastSeen, DateTimeOffset? NextExpected,
    StateRefusal? StateRefusal)
{
    public bool Disconnected => AgentAccepted && NextExpected is { } expected && Now > expected;
}

/// <summary>
/// published → approved → fetched → verified → applied → healthy: where an install stands, told from facts alone. The first link that does not hold says why;
/// those after it only wait. A link that holds but may be out of date, as the agent is late, says so.
/// </summary>
internal static class Chain
{
    public const string NoAgent = "agent.none", Disconnected = "agent.disconnected", Paused = "install.paused";

    public static IReadOnlyList<ChainStep> Of(ChainFacts facts)
    {
        ChainStep[] steps = [Published(facts), Approved(facts), Fetched(facts), Verified(facts), Applied(facts), Healthy(facts)];
        var broken = Array.FindIndex(steps, step => step.State is ChainState.Waiting or ChainState.Refused);
        if (broken < 0)
            return Dated(steps, facts);
        // Approvals may be lacking and not be asked for: only the cluster knows, so the links in the cluster tell for themselves.
        var approvalWaits = steps[broken] is { Step: ChainStepName.Approved, State: ChainState.Waiting };
        var next = approvalWaits ? Array.FindIndex(steps, broken + 1, step => step.State is ChainState.Waiting or ChainState.Refused) : broken;
        for (var i = (next < 0 ? broken : next) + 1; i < steps.Length; i++)
            if (steps[i] is { State: ChainState.Waiting or ChainState.Refused, Code: not Paused })
                steps[i] = new(steps[i].Step, ChainState.Waiting);
        return steps;
    }

    private static ChainStep Published(ChainFacts facts) => new(ChainStepName.Published, ChainState.Done, facts.Install.PublishedAt);

    private static ChainStep Approved(ChainFacts facts)
    {
        const ChainStepName step = ChainStepName.Approved;
        var install = facts.Install;
        if (Refused(install, step) is { } refused)
            return refused;
        if (facts.Approvals > 0)
            return new(step, ChainState.Done, facts.LastApprovedAt);
        if (IsDone(install, ReportStep.Verified) || install.FinishedAt is not null)
            return new(step, ChainState.NotRequired);
        return new(step, ChainState.Waiting, Detail:
            $"Nobody has approved {(install.Removed ? "the removal" : "this content")} yet ({install.Digest}). Approve it with `czctl approve`; a cluster in mode hub does not ask for it.");
    }

    private static ChainStep Fetched(ChainFacts facts)
    {
        const ChainStepName step = ChainStepName.Fetched;
        var install = facts.Install;
        if (install.FinishedAt is { } finished)
            return install.ServedAt is { } served ? new(step, ChainState.Done, served) : new(step, ChainState.NotRequired, finished, Detail: "It was withdrawn before the cluster had it.");
        if (Reported(install, ReportStep.Fetched, step) is { State: not ChainState.Waiting } reported)
            return reported;
        if (Refused(install, step) is { } refused)
            return refused;
        if (facts.StateRefusal is { } state && install.StateSerial <= state.Serial)
            return new(step, ChainState.Refused, state.At, state.Code, state.Detail);
        return install.ServedAt is { } at ? new(step, ChainState.Done, at) : WaitForAgent(facts, step, "The agent fetches it with its next look at the state.");
    }

    private static ChainStep Verified(ChainFacts facts) =>
        InCluster(facts, ReportStep.Verified, ChainStepName.Verified, "The agent has the state and checks it.");

    private static ChainStep Applied(ChainFacts facts)
    {
        var install = facts.Install;
        return install.Paused && install.FinishedAt is null && !IsDone(install, ReportStep.Applied)
            ? new(ChainStepName.Applied, ChainState.Waiting, null, Paused, "The install is paused: what runs stays as it is. `czctl resume` lets it go on.")
            : InCluster(facts, ReportStep.Applied, ChainStepName.Applied, install.Removed ? "The agent removes its objects." : "The agent writes its objects.");
    }

    private static ChainStep Healthy(ChainFacts facts) => facts.Install.Removed
        ? new(ChainStepName.Healthy, ChainState.NotRequired)
        : InCluster(facts, ReportStep.Healthy, ChainStepName.Healthy, Progress(facts.Install));

    /// <summary>A link that the agent reports on.</summary>
    private static ChainStep InCluster(ChainFacts facts, ReportStep reportStep, ChainStepName step, string meanwhile)
    {
        var install = facts.Install;
        if (install.FinishedAt is { } finished)
            return install.ServedAt is null ? new(step, ChainState.NotRequired) : new(step, ChainState.Done, finished);
        if (Reported(install, reportStep, step) is { State: not ChainState.Waiting } reported)
            return reported;
        if (Refused(install, step) is { } refused)
            return refused;
        return WaitForAgent(facts, step, install.Observed?.Step(reportStep)?.Detail is { Length: > 0 } detail ? detail : meanwhile);
    }

    private static ChainStep? Reported(Install install, ReportStep reportStep, ChainStepName step) => install.Observed?.Step(reportStep) switch
    {
        null => null,
        { State: StepState.Done } done => new(step, ChainState.Done, done.At, done.Code, done.Detail),
        { State: StepState.Failed } failed => new(step, ChainState.Refused, failed.At, failed.Code, failed.Detail),
        var other => new(step, ChainState.Waiting, null, other.Code, other.Detail),
    };

    private static bool IsDone(Install install, ReportStep step) => install.Observed?.Step(step)?.State == StepState.Done;

    /// <summary>The agent's refusal, when it belongs to this link.</summary>
    private static ChainStep? Refused(Install install, ChainStepName step) => install.Observed is { Refusal: { } refusal } observed && LinkOf(refusal.Code) == step
        ? new(step, ChainState.Refused, observed.At, refusal.Code, refusal.Detail)
        : null;

    private static ChainStepName LinkOf(string code) => code switch
    {
        RefusalCode.InstallUnapproved => ChainStepName.Approved,
        _ => RefusalCode.StepOf(code) switch
        {
            ReportStep.Fetched => ChainStepName.Fetched,
            ReportStep.Applied => ChainStepName.Applied,
            ReportStep.Healthy => ChainStepName.Healthy,
            _ => ChainStepName.Verified,
        },
    };

    private static ChainStep WaitForAgent(ChainFacts facts, ChainStepName step, string meanwhile)
    {
        if (!facts.AgentAccepted)
            return new(step, ChainState.Waiting, null, NoAgent, "No agent speaks for this cluster. Enrol one with `czctl clusters join`, and accept its thumbprint.");
        return facts.Disconnected
            ? new(step, ChainState.Waiting, null, Disconnected, Late(facts))
            : new(step, ChainState.Waiting, null, null, facts.LastSeen is null ? "The agent was accepted, but has not been heard yet." : meanwhile);
    }

    private static string Progress(Install install) => install.Observed is { Current: true } observed
        ? observed switch
        {
            { FirstErrors: [var first, ..] } => first,
            { Objects: { } objects } => string.Create(CultureInfo.InvariantCulture, $"{objects.Ready} of {objects.Desired} objects are ready."),
            _ => "Its objects become ready.",
        }
        : "Its objects become ready.";

    /// <summary>All links hold, as far as is known; when the agent is late, that is not far.</summary>
    private static ChainStep[] Dated(ChainStep[] steps, ChainFacts facts)
    {
        if (facts.Install.FinishedAt is null && facts.Disconnected)
            steps[^1] = steps[^1] with { Code = Disconnected, Detail = "This is how it was then. " + Late(facts) };
        return steps;
    }

    private static string Late(ChainFacts facts) => string.Create(CultureInfo.InvariantCulture,
        $"The agent was last seen at {facts.LastSeen:u} and expected by {facts.NextExpected:u}. What runs in the cluster goes on. Look at the agent's log, and whether it can reach the Hub.");
}
