namespace CodeZero.AgentProtocol;

/// <summary>Routes, headers and times of the agent's side of the Hub's API, version 1.</summary>
public static class AgentApi
{
    /// <summary>POST: <see cref="EnrolmentRequest"/> with <c>Authorization: Enrolment &lt;token&gt;</c>; answers <see cref="EnrolmentResponse"/>.</summary>
    public const string Enrol = "/agent/v1/enrol";

    /// <summary>
    /// GET: where the agent's own enrolment stands (<see cref="EnrolmentResponse"/>). There is no access token yet: a <c>DPoP</c> proof by the agent key is
    /// all it takes. See <see cref="EnrolmentOf"/> for the address.
    /// </summary>
    public const string Enrolment = "/agent/v1/enrolment";

    /// <summary>GET: the desired state's envelope; <c>?wait=</c> seconds to hold, <c>If-None-Match: "&lt;serial&gt;"</c>.</summary>
    public const string State = "/agent/v1/state";

    /// <summary>GET: the Hub's state keys (<see cref="StateKeySet"/>).</summary>
    public const string StateKeys = "/agent/v1/state-keys";

    /// <summary>GET: an immutable document by digest.</summary>
    public const string Blobs = "/agent/v1/blobs/{digest}";

    /// <summary>POST: an <see cref="AgentReport"/>.</summary>
    public const string Reports = "/agent/v1/reports";

    /// <summary>POST: one <see cref="Receipt"/>'s envelope.</summary>
    public const string Receipts = "/agent/v1/receipts";

    /// <summary>The scheme under which the enrolment token travels in the Authorization header. Not Bearer: it is no access token, and must not be tried as one.</summary>
    public const string EnrolmentScheme = "Enrolment";

    /// <summary>Response header: after how many seconds the agent is to ask again.</summary>
    public const string NextHeader = "CodeZero-Next";

    /// <summary>The scope of an agent's access token.</summary>
    public const string Scope = "agent";

    /// <summary>The longest a state request is held.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(50);

    /// <summary>How far two clocks may differ before messages between them are refused.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>A document (manifest, sealed inputs, approvals, publisher signature) is at most 1 MiB.</summary>
    public const int MaxBlobBytes = 1 << 20;

    /// <summary>All documents that one state refers to are at most 64 MiB together.</summary>
    public const long MaxStateDocumentsBytes = 64L << 20;

    /// <summary>The path and query of the enrolment with one cluster; the Hub must know the organization before it looks anything up.</summary>
    public static string EnrolmentOf(Guid organization, Guid cluster) => $"{Enrolment}?organization={organization}&cluster={cluster}";

    /// <summary>The OAuth client id of a cluster's agent, whichever agent that is at present.</summary>
    public static string ClientId(Guid organization, Guid cluster) => $"agent.{organization:N}.{cluster:N}";

    /// <summary>The path of one document.</summary>
    public static string Blob(Digest digest) => $"/agent/v1/blobs/{digest}";
}
