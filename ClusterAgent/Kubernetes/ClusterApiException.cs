using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>One cause of a refusal, from <c>Status.details.causes</c>.</summary>
/// <param name="Reason">Such as <c>FieldManagerConflict</c> or <c>FieldValueInvalid</c>.</param>
/// <param name="Field">A field path such as <c>.spec.replicas</c>; may be empty.</param>
internal sealed record StatusCause(string Reason, string Message, string Field);

/// <summary>The API server's answer other than success, as its <c>Status</c> object says it.</summary>
internal sealed partial class ClusterApiException : Exception
{
    public ClusterApiException(HttpStatusCode code, string reason, string message, IReadOnlyList<StatusCause>? causes = null, TimeSpan? retryAfter = null)
        : base(message)
    {
        (Code, Reason, Causes, RetryAfter) = (code, reason, causes ?? [], retryAfter);
    }

    public HttpStatusCode Code { get; }

    /// <summary>The server's machine word, such as <c>NotFound</c>, <c>Conflict</c>, <c>Invalid</c>, <c>Expired</c>.</summary>
    public string Reason { get; }

    public IReadOnlyList<StatusCause> Causes { get; }

    /// <summary>How long the server asks to wait before the next try.</summary>
    public TimeSpan? RetryAfter { get; }

    public bool IsNotFound => Code == HttpStatusCode.NotFound;
    public bool IsConflict => Code == HttpStatusCode.Conflict;
    public bool AlreadyExists => IsConflict && Reason == "AlreadyExists";

    /// <summary>The resource version is too old to go on from: list again.</summary>
    public bool IsGone => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>Whether the same request can succeed later without anybody changing it.</summary>
    public bool IsTransient => Code == HttpStatusCode.TooManyRequests || (int)Code >= 500;

    /// <summary>The fields of a server-side apply that other managers hold, with those managers' names.</summary>
    public IEnumerable<(string Manager, string Field)> FieldConflicts => Causes
        .Where(cause => cause.Reason == "FieldManagerConflict")
        .Select(cause => (ConflictManager().Match(cause.Message) is { Success: true } match ? match.Groups[1].Value : cause.Message, cause.Field));

    /// <summary>Reads a <c>Status</c> object; <paramref name="body"/> is null when the answer was not one.</summary>
    public static ClusterApiException From(HttpStatusCode code, JsonNode? body, TimeSpan? retryAfter)
    {
        var status = body.Text("kind") == "Status" ? body : null;
        var causes = status.Objects("details", "causes")
            .Select(cause => new StatusCause(cause.Text("reason") ?? "", cause.Text("message") ?? "", cause.Text("field") ?? ""))
            .ToList();
        if (retryAfter is null && status.Number("details", "retryAfterSeconds") is > 0 and var seconds)
            retryAfter = TimeSpan.FromSeconds(seconds);
        return new(
            status.Number("code") is { } stated and > 0 ? (HttpStatusCode)stated : code,
            status.Text("reason") ?? code.ToString(),
            status.Text("message") ?? $"The API server answered {(int)code} {code}.",
            causes, retryAfter);
    }

    [GeneratedRegex("^conflict with \"([^\"]*)\"")]
    private static partial Regex ConflictManager();
}
