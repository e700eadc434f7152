using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>What to do next with an install.</summary>
internal static class InstallHints
{
    /// <summary>How to approve, while it may have to be. Whether the cluster asks for it, only the cluster knows.</summary>
    public static void Approval(TextWriter output, Cluster cluster, Install install)
    {
        if (install.Chain.Any(step => step is { Step: "approved", State: "waiting" }))
            output.WriteLine($"If the cluster asks for approvals: czctl approve {install.Namespace}/{install.Name} --cluster {cluster.Name} --key FILE");
    }

    public static void Watch(TextWriter output, Cluster cluster, Install install) =>
        output.WriteLine($"To watch: czctl status {install.Namespace}/{install.Name} --cluster {cluster.Name} --watch");
}
