using System.Net;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The Hub's refusal, as its problem details (RFC 9457) say it.</summary>
internal sealed class HubException(HttpStatusCode status, string code, string detail, TimeSpan? retryAfter) : Exception($"{code}: {detail}")
{
    public HttpStatusCode Status => status;

    /// <summary>The stable code, or the HTTP status where the answer had none.</summary>
    public string Code => code;

    public string Detail => detail;

    /// <summary>How long the Hub asks to wait.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500;
}
