using System.Globalization;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>An install's way as text, one line a step.</summary>
internal static class StatusText
{
    public static void Write(TextWriter output, Terminal terminal, Install install, DateTimeOffset now)
    {
        output.WriteLine();
        output.WriteLine($"{install.Namespace}/{install.Name}  {install.Publisher}/{install.App} {install.Version} ({install.Edition})"
            + (install.FinishedAt is { } finished ? $", uninstalled {Times.Clock(finished, now)}" : install.Removed ? ", being uninstalled" : "") + (install.Paused ? ", paused" : "") + (install.Phase is { } phase ? $"  [{Terminal.Printable(phase)}]" : ""));
        foreach (var step in install.Chain)
            output.WriteLine(Line(terminal, step, now));
        foreach (var error in install.FirstErrors)
            output.WriteLine($"  {terminal.Paint(Ink.Bad, "!")} {Terminal.Printable(error)}");
        if (install.Drift > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {install.Drift} object(s) put right since the agent started"));
    }

    private static string Line(Terminal terminal, ChainStep step, DateTimeOffset now)
    {
        var (mark, ink) = step.State switch
        {
            "done" => ("✓", Ink.Good),
            "refused" => ("✗", Ink.Bad),
            "notRequired" => ("–", Ink.Faint),
            _ => ("…", Ink.Waiting),
        };
        var time = step.At is { } at ? Times.Clock(at, now) : "";
        var reason = string.Join(": ", new[] { step.Code, step.Detail }.Where(text => !string.IsNullOrEmpty(text)));
        return $"  {terminal.Paint(ink, mark)} {step.Step,-10} {(step.State == "notRequired" ? "not required" : step.State),-12} {time,-8} {Terminal.Printable(reason)}".TrimEnd();
    }
}
