namespace CodeZero.ClusterAgent.Apps;

/// <summary>How the App controller times its work.</summary>
internal sealed record AppControllerOptions
{
    /// <summary>The agent's own namespace, with its policy and settings.</summary>
    public string Namespace { get; init; } = "codezero-system";

    /// <summary>The first wait after a failure; each further one is twice as long.</summary>
    public TimeSpan RetryBase { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>No wait between tries gets longer than this.</summary>
    public TimeSpan RetryCeiling { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>After so many tries the agent waits for a change of the App, its inputs or the policy.</summary>
    public int MaxRetries { get; init; } = 20;

    /// <summary>How often every App is looked at although nothing was heard of it.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often an App that is not healthy yet is looked at.</summary>
    public TimeSpan HealthPoll { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How soon the next wave is tried when the one before is not established yet.</summary>
    public TimeSpan WavePoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Apps worked on at once.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>In place of the deadline in the settings.</summary>
    public TimeSpan? ReadyDeadline { get; init; }
}
