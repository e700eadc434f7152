using System.Net;
using System.Text.Json;

namespace CodeZero.Hub.Client;

/// <summary>The Hub refused a request: a problem document (RFC 9457) as an exception.</summary>
public sealed class HubException : Exception
{
    internal HubException(HttpStatusCode status, string code, string detail) : base(detail) => (Status, Code) = (status, code);

    public HttpStatusCode Status { get; }

    /// <summary>Stable and dotted, for programs: <c>cluster.name_taken</c>. <c>http.&lt;status&gt;</c> when the answer was no problem document.</summary>
    public string Code { get; }

    /// <summary>What is wrong in a manifest, and where; empty for other refusals.</summary>
    public IReadOnlyList<ManifestDiagnostic> Diagnostics { get; internal init; } = [];

    /// <summary>Validation errors by field (RFC 9457 extension <c>errors</c>).</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Errors { get; internal init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Every further member of the problem document, such as the two digests of <c>version.content_differs</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Members { get; internal init; } = new Dictionary<string, JsonElement>();

    /// <summary>How long the Hub asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; internal init; }

    /// <summary>What to tell the Hub's operator, so that they find this request in their logs.</summary>
    public string? TraceId { get; internal init; }
}

/// <summary>No answer came from the Hub, in all attempts. Whether it acted on the request is unknown, which is why every POST carries an <c>Idempotency-Key</c>.</summary>
public sealed class HubUnreachableException(Uri hub, string reason, Exception? inner = null)
    : Exception($"The Hub at {hub.GetLeftPart(UriPartial.Authority)} cannot be reached: {reason}", inner)
{
    public Uri Hub { get; } = hub;
}

/// <summary>There is no usable sign-in for this Hub; the message says how to get one.</summary>
public sealed class NotSignedInException(string message, Exception? inner = null) : Exception(message, inner);
