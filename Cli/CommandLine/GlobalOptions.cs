using System.CommandLine;

namespace CodeZero.Cli.CommandLine;

/// <summary>Options that every command has.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Hub = new("--hub") { Description = "The Hub's address. Default: $CZCTL_HUB, else the Hub of the last sign-in.", HelpName = "URL", Recursive = true };

    public static readonly Option<string?> Organization = new("--org")
    {
        Description = "The organization, by slug or id. Default: $CZCTL_ORG, else the one chosen with `czctl org use`, else your only one.",
        HelpName = "ORG",
        Recursive = true,
    };

    public static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "Use the token in this file's first line instead of a sign-in. Default: $CZCTL_TOKEN, if that is set.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Write the result as one JSON document.", Recursive = true };
    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Write nothing but errors.", Recursive = true };

    public static OutputForm FormOf(ParseResult parsed) =>
        parsed.GetValue(Json) ? OutputForm.Json : parsed.GetValue(Quiet) ? OutputForm.Quiet : OutputForm.Text;
}
