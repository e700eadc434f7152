using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>What the commands for tokens and for keys have in common.</summary>
internal static class TokenOptions
{
    public static readonly Argument<string> Name = new("name") { Description = "What it is for." };
    public static readonly Argument<string> Which = new("token") { Description = "Its id, or its name where one that works has it alone." };

    public static readonly Option<string[]> Permissions = new("--permission", "-p")
    {
        Description = "What it may do, such as apps.publish; may be repeated. See docs/access-tokens.md.",
        HelpName = "NAME",
        Required = true,
    };

    public static readonly Option<int?> Days = new("--days") { Description = "How long it works: 1 to 366. Default: 90.", HelpName = "N" };

    /// <summary>The secret is shown once; where nothing is shown, it would be lost.</summary>
    public static void RefuseQuiet(CommandContext context)
    {
        if (context.Terminal.Form == OutputForm.Quiet)
            throw CommandError.Usage("With --quiet nobody would ever see the secret.", "Leave it out: the secret alone goes to standard output.");
    }

    /// <summary>The one that a person means by an id, or by the name of one that works.</summary>
    public static T Find<T>(IReadOnlyList<T> all, string wanted, Func<T, Guid> id, Func<T, string> name, Func<T, string> state, string list)
    {
        var named = all.Where(one => id(one).ToString() == wanted || (name(one) == wanted && state(one) == "active")).ToList();
        return named switch
        {
            [var only] => only,
            [] => throw CommandError.NotFound($"There is no \"{wanted}\" that works.", $"See: {list}"),
            _ => throw CommandError.Usage($"{named.Count} are called \"{wanted}\".", $"Name it by its id. See: {list}"),
        };
    }
}
