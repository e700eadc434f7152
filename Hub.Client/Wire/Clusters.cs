using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeZero.Hub.Client;

/// <summary>A cluster as the Hub knows it.</summary>
/// <param name="Status"><c>new</c>, <c>pending</c>, <c>enrolled</c> or <c>revoked</c>.</param>
/// <param name="Agent">The current agent; null before one is accepted.</param>
/// <param name="LastSeen">When the agent was last heard.</param>
/// <param name="NextExpected">When it is to be heard next; past it, something is wrong with the agent or the way to it.</param>
/// <param name="Serial">Number of the newest desired state.</param>
public sealed record Cluster(
    Guid Id, string Name, DateTimeOffset CreatedAt, string Status, ClusterAgent? Agent, DateTimeOffset? LastSeen, DateTimeOffset? NextExpected, long Serial);

/// <summary>The agent of a cluster.</summary>
/// <param name="Thumbprint">RFC 7638 thumbprint of its signing key.</param>
/// <param name="Keys">The agent's signed statement of its keys, a DSSE envelope. Check its signature against a thumbprint that did not come from the Hub.</param>
public sealed record ClusterAgent(
    string Thumbprint, string? Version, string? KubernetesVersion, string? Distribution, string? ClusterUid, DateTimeOffset? AcceptedAt, JsonElement Keys);

/// <summary>A one-time right to join.</summary>
/// <param name="Token">Shown this once; the Hub keeps only its hash.</param>
/// <param name="StateKeys">The Hub's state keys as JWKs, for the cluster's trust root.</param>
public sealed record Enrolment(
    Guid Id, string Token, DateTimeOffset ExpiresAt, Uri HubUrl, IReadOnlyList<JsonElement> StateKeys, Guid Organization, Guid Cluster);

/// <summary>A right to join in a list, without its token.</summary>
/// <param name="State"><c>open</c>, <c>used</c> or <c>expired</c>.</param>
public sealed record EnrolmentState(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string State, EnrollingAgent? Agent);

/// <summary>An agent that used an enrolment.</summary>
/// <param name="Status"><c>pending</c>, <c>accepted</c> or <c>refused</c>.</param>
public sealed record EnrollingAgent(string Thumbprint, string? ClusterUid, string? Address, DateTimeOffset? RequestedAt, string Status);

/// <summary>An application installed, or to be installed, on a cluster.</summary>
/// <param name="Manifest">Digest of the manifest.</param>
/// <param name="Inputs">Digest of the sealed answers; null when there are none.</param>
/// <param name="Digest">Digest of the install's approvable content: what an approval signs.</param>
/// <param name="Chain">published → approved → fetched → verified → applied → healthy.</param>
/// <param name="Phase">What the agent last reported; null before the first report.</param>
/// <param name="FirstErrors">The first errors of the last report.</param>
/// <param name="Drift">How many objects the agent put right since it started.</param>
/// <param name="FinishedAt">Since when the cluster no longer has it; null while it may.</param>
public sealed record Install(
    Guid Id, Guid Cluster, Guid Organization, string Name, string Namespace, string Publisher, string App, string Edition, string Version,
    string Manifest, Provisioner Provisioner, string? Inputs, string Digest, bool Paused, bool Removed, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt,
    IReadOnlyList<InstallApproval> Approvals, IReadOnlyList<ChainStep> Chain, string? Phase, JsonElement? Objects, IReadOnlyList<string> FirstErrors, int Drift);

/// <summary>The code that turns a manifest into Kubernetes objects.</summary>
/// <param name="Integrity"><c>sha512-…</c> of the package; null for the agent's built-in implementation.</param>
public sealed record Provisioner(string Package, string Version, string? Integrity);

/// <summary>Who approved the current digest.</summary>
public sealed record InstallApproval(string Thumbprint, string? Approver, DateTimeOffset ApprovedAt);

/// <summary>One step on the way from published to healthy.</summary>
/// <param name="Step"><c>published</c>, <c>approved</c>, <c>fetched</c>, <c>verified</c>, <c>applied</c> or <c>healthy</c>.</param>
/// <param name="State"><c>done</c>, <c>waiting</c>, <c>refused</c> or <c>notRequired</c>.</param>
public sealed record ChainStep(string Step, string State, DateTimeOffset? At, string? Code, string? Detail);

/// <summary>What to install.</summary>
/// <param name="App"><c>publisher/app</c>.</param>
/// <param name="Inputs">The sealed answers, a compact JWE to the cluster's sealing key and bound to <paramref name="Id"/>.</param>
/// <param name="Id">A UUIDv7 of the caller's choosing; null lets the Hub choose.</param>
public sealed record NewInstall(string App, string? Edition, string? Version, string Name, string Namespace, string? Inputs, Guid? Id);

/// <summary>What to change in an install; what is null stays.</summary>
/// <param name="Inputs">The sealed answers, a compact JWE to the cluster's sealing key and bound to the install's id. They take the place of all earlier ones.</param>
/// <param name="Paused">Keep what is there, change nothing.</param>
public sealed record InstallChange(string? Version = null, string? Edition = null, string? Inputs = null, bool? Paused = null);

/// <summary>A report as the agent sent it.</summary>
/// <param name="Serial">Of the last state that it had accepted.</param>
/// <param name="Content">The protocol's report (<c>docs/agent-protocol.md</c> §8).</param>
public sealed record Report(Guid Id, DateTimeOffset ReceivedAt, long? Serial, [property: JsonPropertyName("report")] JsonElement Content);

/// <summary>One signed state.</summary>
/// <param name="Digest">Of its payload; what receipts name.</param>
/// <param name="Previous">Digest of the state before; null for the first.</param>
/// <param name="Reason"><c>enrolled</c>, <c>installed</c>, <c>changed</c>, <c>approved</c>, <c>removed</c>, <c>finished</c> or <c>refreshed</c>.</param>
public sealed record Revision(long Serial, string Digest, string? Previous, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, string Reason);

/// <summary>The agent's signed word about one state.</summary>
/// <param name="Digest">Of the receipt's payload; what the next one names as <paramref name="Previous"/>.</param>
/// <param name="Previous">Digest of the receipt before; null for the first.</param>
/// <param name="Serial">The state's; null when it was refused before it could be read.</param>
/// <param name="Result"><c>accepted</c>, or the refusal's code.</param>
/// <param name="Thumbprint">The agent key that signed it.</param>
/// <param name="Envelope">As it was signed, a DSSE envelope.</param>
public sealed record Receipt(string Digest, string? Previous, long? Serial, string Result, DateTimeOffset SignedAt, string Thumbprint, DateTimeOffset ReceivedAt, JsonElement Envelope);

/// <summary>An approval as the Hub keeps it.</summary>
/// <param name="Digest">The install digest that it approves.</param>
public sealed record Approval(Guid Id, Guid Install, string Digest, string Thumbprint, string Approver, DateTimeOffset ApprovedAt, DateTimeOffset? ExpiresAt, JsonElement Envelope);

/// <summary>A resource with the ETag to name in <c>If-Match</c> when changing it.</summary>
public readonly record struct Tagged<T>(T Value, string? ETag);

internal sealed record NewCluster(string Name);

internal sealed record NewEnrolment(int? Minutes);

internal sealed record AgentAcceptance(string Thumbprint);

internal sealed record NewApproval(Guid Install, JsonElement Envelope);
