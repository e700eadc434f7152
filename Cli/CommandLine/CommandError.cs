namespace CodeZero.Cli.CommandLine;

/// <summary>A command cannot do what it was asked: what happened and why, and what to do about it.</summary>
/// <param name="exitCode">One of <see cref="CommandLine.ExitCode"/>.</param>
/// <param name="code">Stable, for programs.</param>
/// <param name="message">What happened, and why.</param>
/// <param name="remedy">What to do next; null where the message says it.</param>
internal sealed class CommandError(int exitCode, string code, string message, string? remedy = null, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
    public string Code { get; } = code;
    public string? Remedy { get; } = remedy;

    public static CommandError Refused(string code, string message, string? remedy = null) => new(CommandLine.ExitCode.Refused, code, message, remedy);
    public static CommandError Usage(string message, string? remedy = null) => new(CommandLine.ExitCode.Usage, "usage", message, remedy);
    public static CommandError NotFound(string message, string? remedy = null) => new(CommandLine.ExitCode.NotFound, "not_found", message, remedy);
}
