namespace CodeZero.Cli.CommandLine;

/// <summary>What czctl ends with. The numbers are part of its interface: see <c>docs/czctl.md</c>.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The Hub or a check refused it: invalid input, a conflict, a missing right.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Nobody is signed in.</summary>
    public const int NotSignedIn = 3;

    /// <summary>There is no such thing, or not for you.</summary>
    public const int NotFound = 4;

    /// <summary>The Hub, or the cluster, cannot be reached.</summary>
    public const int Unreachable = 5;

    /// <summary>What was waited for did not happen in time.</summary>
    public const int TimedOut = 6;

    /// <summary>A bug in czctl.</summary>
    public const int Bug = 70;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;
}
