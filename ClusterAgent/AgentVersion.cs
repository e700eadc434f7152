namespace CodeZero.ClusterAgent;

/// <summary>The agent's own version, as it names itself to API servers and to the Hub.</summary>
internal static class AgentVersion
{
    public static string Text { get; } = typeof(AgentVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
