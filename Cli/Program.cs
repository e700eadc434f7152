using System.CommandLine;
using System.Text;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Commands;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
var root = new RootCommand("czctl: CodeZero from the command line. Publish applications, enrol clusters, install, approve, watch.")
{
    GlobalOptions.Hub, GlobalOptions.Organization, GlobalOptions.TokenFile, GlobalOptions.Json, GlobalOptions.Quiet,
    LoginCommand.Create(), LogoutCommand.Create(), WhoAmICommand.Create(), TokenCommands.Create(), OrgCommands.Create(), MemberCommands.Create(), InvitationCommands.Create(), AuditCommands.Create(),
    AppCommands.Create(), ClusterCommands.Create(), KubeLoginCommand.Create(), KeyCommands.Create(),
    InstallCommand.Create(), ApproveCommand.Create(), StatusCommand.Create(), ChangeCommands.Upgrade(), ChangeCommands.Configure(),
    PauseCommands.Pause(), PauseCommands.Resume(), UninstallCommand.Create(), VersionCommand.Create(),
};
HelpWithExamples.Use(root);

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
{
    var command = string.Join(' ', parsed.CommandResult.Command.Parents.OfType<Command>().Reverse().Append(parsed.CommandResult.Command).Select(part => part.Name));
    Terminal.ForProcess(GlobalOptions.FormOf(parsed)).Fail(new("usage", string.Join(' ', parsed.Errors.Select(error => error.Message)), $"See: {command} --help", ExitCode.Usage));
    return ExitCode.Usage;
}
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
