using System.ComponentModel;
using System.Diagnostics;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Session;

/// <summary>Opens an address in the person's browser: the program <c>$BROWSER</c> names (with arguments after spaces, <c>%s</c> for the address), else <c>xdg-open</c> or <c>open</c>.</summary>
internal static class Browser
{
    public static bool TryOpen(Uri address, Surroundings surroundings)
    {
        var command = surroundings.Variable("BROWSER") is { Length: > 0 } browser ? browser : OperatingSystem.IsMacOS() ? "open" : "xdg-open";
        var words = File.Exists(command) ? [command] : command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Its own words are dropped, and it has no claim to the terminal's input.
        var start = surroundings.Program(words[0]);
        foreach (var argument in words.Skip(1))
            start.ArgumentList.Add(argument.Replace("%s", address.AbsoluteUri, StringComparison.Ordinal));
        if (!words.Skip(1).Any(argument => argument.Contains("%s", StringComparison.Ordinal)))
            start.ArgumentList.Add(address.AbsoluteUri);
        try
        {
            var process = Process.Start(start);
            process?.BeginOutputReadLine();
            process?.BeginErrorReadLine();
            process?.StandardInput.Close();
            return process is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
