using System.Globalization;
using System.Net;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.CommandLine;

/// <summary>What an exception means to the person and to a script.</summary>
internal static class Failures
{
    /// <summary>The failure to show, or null for a bug in czctl.</summary>
    public static FailureDocument? Describe(Exception exception, CancellationToken interrupted) => exception switch
    {
        CommandError error => new(error.Code, error.Message, error.Remedy, error.ExitCode),
        HubException refused => Describe(refused),
        HubUnreachableException lost => new("hub.unreachable", lost.Message, "Check the address (--hub, CZCTL_HUB), your network, and whether the Hub runs; then repeat the command.", ExitCode.Unreachable),
        NotSignedInException out_ => new("not_signed_in", out_.Message, "Sign in with `czctl login`.", ExitCode.NotSignedIn),
        OperationCanceledException when interrupted.IsCancellationRequested => new("interrupted", "Interrupted.", null, ExitCode.Interrupted),
        UnauthorizedAccessException denied => new("file.denied", denied.Message, "Check the permissions.", ExitCode.Refused),
        FileNotFoundException or DirectoryNotFoundException => new("file.missing", exception.Message, null, ExitCode.NotFound),
        IOException broken => new("file.unreadable", broken.Message, null, ExitCode.Refused),
        _ => null,
    };

    private static FailureDocument Describe(HubException refused)
    {
        var exitCode = refused.Status switch
        {
            HttpStatusCode.Unauthorized => ExitCode.NotSignedIn,
            HttpStatusCode.NotFound => ExitCode.NotFound,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => ExitCode.Unreachable,
            _ => ExitCode.Refused,
        };
        var remedy = exitCode switch
        {
            ExitCode.NotSignedIn when refused.Code == "token.invalid" => "Make another with `czctl tokens create` or `czctl org keys create`, and put it where this one is.",
            ExitCode.NotSignedIn => "Sign in again with `czctl login`.",
            ExitCode.Unreachable when refused.RetryAfter is { } wait => string.Create(CultureInfo.InvariantCulture, $"Repeat the command in {Math.Ceiling(wait.TotalSeconds)} s."),
            ExitCode.Unreachable => "Repeat the command in a moment.",
            _ => null,
        };
        return new(refused.Code, refused.Message, remedy, exitCode)
        {
            TraceId = refused.TraceId,
            RetryAfterSeconds = refused.RetryAfter?.TotalSeconds,
            Fields = refused.Errors.Count == 0 ? null : refused.Errors,
            Diagnostics = refused.Diagnostics.Count == 0 ? null : [.. refused.Diagnostics.Select(Line)],
        };
    }

    /// <summary><c>c6o.yaml:12:3: error manifest.unknown_key at editions[0]: …</c></summary>
    private static string Line(ManifestDiagnostic found) => string.Create(CultureInfo.InvariantCulture,
        $"{(found.Line > 0 ? $"{found.File}:{found.Line}:{found.Column}: " : "")}{found.Severity} {found.Code}{(string.IsNullOrEmpty(found.Path) ? "" : " at " + found.Path)}: {found.Message}");
}
