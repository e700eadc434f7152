using System.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl app validate|publish|list|show</summary>
internal static class AppCommands
{
    public static Command Create() => new("app", "Applications: validate, publish, list, show.")
    {
        ValidateCommand.Create(), PublishCommand.Create(), AppListCommand.Create(), AppShowCommand.Create(),
    };
}
