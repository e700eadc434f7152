using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Session;

/// <summary>A token that stands in for a sign-in: from the file of --token-file, else from $CZCTL_TOKEN. Never an argument, where other users could read it.</summary>
internal static class TokenFromEnvironment
{
    public const string Variable = "CZCTL_TOKEN";

    /// <summary>Null when there is none.</summary>
    /// <exception cref="CommandError">What is there is no token.</exception>
    public static TokenCredentials? Find(ParseResult parsed, Surroundings surroundings, Terminal terminal)
    {
        var file = parsed.GetValue(GlobalOptions.TokenFile);
        var text = file is null ? surroundings.Variable(Variable) : Read(file, terminal);
        if (file is null && string.IsNullOrEmpty(text))
            return null;
        try
        {
            return new TokenCredentials(text!.Trim());
        }
        catch (ArgumentException)
        {
            throw CommandError.Usage($"{file ?? "$" + Variable} holds no token.", "A token begins with czp_ or czo_. `czctl tokens create` makes one.");
        }
    }

    private static string Read(string file, Terminal terminal)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
            terminal.Warn($"{file} can be read by others. Run: chmod 600 {file}");
        return File.ReadLines(file).FirstOrDefault() ?? "";
    }
}
