using System.CommandLine;
using System.CommandLine.Parsing;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Commands;

namespace CodeZero.Cli;

/// <summary>
/// czctl from its arguments to its exit code. The tree of commands is built once and only read afterwards: what is parsed, and whatever a run knows, is that run's alone,
/// so that many may run at once in one process.
/// </summary>
internal static class CzctlApplication
{
    private static readonly RootCommand Root = Build();

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Surroundings surroundings, CancellationToken ct = default)
    {
        var parsed = Root.Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            new Terminal(surroundings, GlobalOptions.FormOf(parsed)).Fail(new("usage", string.Join(' ', parsed.Errors.Select(error => error.Message)), $"See: {NameOf(parsed.CommandResult)} --help", ExitCode.Usage));
            return ExitCode.Usage;
        }
        return await parsed.InvokeAsync(new RunConfiguration(surroundings), ct);
    }

    /// <summary>The command in full, as it is typed.</summary>
    private static string NameOf(CommandResult command) => command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}" : "czctl";

    private static RootCommand Build()
    {
        var root = new RootCommand("czctl: CodeZero from the command line. Publish applications, enrol clusters, install, approve, watch.")
        {
            GlobalOptions.Hub, GlobalOptions.Organization, GlobalOptions.TokenFile, GlobalOptions.Json, GlobalOptions.Quiet,
            LoginCommand.Create(), LogoutCommand.Create(), WhoAmICommand.Create(), TokenCommands.Create(), OrgCommands.Create(), MemberCommands.Create(), InvitationCommands.Create(), AuditCommands.Create(),
            AppCommands.Create(), ClusterCommands.Create(), KubeLoginCommand.Create(), KeyCommands.Create(),
            InstallCommand.Create(), ApproveCommand.Create(), StatusCommand.Create(), ChangeCommands.Upgrade(), ChangeCommands.Configure(),
            PauseCommands.Pause(), PauseCommands.Resume(), UninstallCommand.Create(), VersionCommand.Create(),
        };
        HelpWithExamples.Use(root);
        return root;
    }
}
