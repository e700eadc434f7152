using System.Net;
using System.Text;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The Hub's refusal, as its problem details (RFC 9457) say it.</summary>
internal sealed class HubException : Exception
{
    /// <summary>What a problem's words may take of a log line or a ConfigMap.</summary>
    private const int MaxText = 500;

    public HubException(HttpStatusCode status, string code, string detail, TimeSpan? retryAfter)
        : base(Clean($"{code}: {detail}")) => (Status, Code, RetryAfter) = (status, code, retryAfter);

    public HttpStatusCode Status { get; }

    /// <summary>The stable code, or <c>http.</c> and the status where the answer had none.</summary>
    public string Code { get; }

    /// <summary>How long the Hub asks to wait.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient => Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)Status >= 500;

    /// <summary>Whether the Hub no longer takes this agent for who it says it is: revoked, removed, or not accepted yet.</summary>
    public bool DoubtsMembership => Status == HttpStatusCode.Unauthorized;

    /// <summary>Whether the Hub itself says that it knows no such thing. A 404 without its words comes from something on the way.</summary>
    public bool IsUnknown => Status == HttpStatusCode.NotFound && Code == "not_found";

    private static string Clean(string text)
    {
        var line = new StringBuilder(text, 0, Math.Min(text.Length, MaxText), MaxText);
        for (var i = 0; i < line.Length; i++)
            if (char.IsControl(line[i]))
                line[i] = ' ';
        return line.ToString();
    }
}
