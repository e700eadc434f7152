namespace CodeZero.AgentProtocol;

/// <summary>The stable codes of refusals and warnings, in reports, receipts and problem details. <see cref="Explain"/> gives each its line.</summary>
public static class RefusalCode
{
    public const string MessageFormat = "message.format";
    public const string MessageSize = "message.size";
    public const string EnvelopeFormat = "envelope.format";
    public const string EnvelopeSignature = "envelope.signature";
    public const string EnvelopeType = "envelope.type";
    public const string KeyFormat = "key.format";
    public const string TrustUnreadable = "trust.unreadable";
    public const string StateSignature = "state.signature";
    public const string StateType = "state.type";
    public const string StateWrongCluster = "state.wrong_cluster";
    public const string StateRollback = "state.rollback";
    public const string StateGap = "state.gap";
    public const string StateExpired = "state.expired";
    public const string StateClock = "state.clock";
    public const string StateSize = "state.size";
    public const string StateKey = "state.key";
    public const string BlobMissing = "blob.missing";
    public const string BlobDigest = "blob.digest";
    public const string BlobSize = "blob.size";
    public const string InstallUnapproved = "install.unapproved";
    public const string InstallUnsigned = "install.unsigned";
    public const string InstallDependency = "install.dependency";
    public const string ProvisionerIntegrity = "provisioner.integrity";
    public const string InputsSealed = "inputs.sealed";
    public const string EnrolmentToken = "enrolment.token";
    public const string EnrolmentProof = "enrolment.proof";
    public const string EnrolmentClock = "enrolment.clock";
    public const string AgentKeys = "agent.keys";
    public const string ReceiptChain = "receipt.chain";
    public const string ReportBase = "report.base";
    public const string ApplyConflict = "apply.conflict";

    /// <summary>Codes of the local policy are this and the rule's name, as <c>policy.kind</c>.</summary>
    public const string PolicyPrefix = "policy.";

    /// <summary>What a code means, in one line; null for a code this version does not know.</summary>
    public static string? Explain(string code) => Explanations.GetValueOrDefault(code)
        ?? (code.StartsWith(PolicyPrefix, StringComparison.Ordinal) ? "The cluster's own policy (codezero-policy) forbids an object." : null);

    /// <summary>
    /// The link at which a refusal of an install breaks the chain: a document that is lacking or altered was not fetched, what the local policy or the API server does not
    /// take was not applied, and whatever else is refused was not verified. Agents report by it, and the Hub shows by it.
    /// </summary>
    public static ReportStep StepOf(string code) => code.Split('.')[0] switch
    {
        "blob" => ReportStep.Fetched,
        "policy" or "apply" => ReportStep.Applied,
        "health" => ReportStep.Healthy,
        _ => ReportStep.Verified,
    };

    /// <summary>Every code with a fixed name.</summary>
    public static IReadOnlyCollection<string> All => Explanations.Keys;

    private static readonly Dictionary<string, string> Explanations = new(StringComparer.Ordinal)
    {
        [MessageFormat] = "A message is not what the protocol says.",
        [MessageSize] = "A message is larger than the protocol allows.",
        [EnvelopeFormat] = "A signed envelope is not a DSSE v1 envelope.",
        [EnvelopeSignature] = "No signature on an envelope is by a key that is trusted for it.",
        [EnvelopeType] = "An envelope is validly signed, but holds another kind of payload.",
        [KeyFormat] = "A key is not a P-256 key in the expected form.",
        [TrustUnreadable] = "The trust root (codezero-trust) cannot be read, so nothing is accepted.",
        [StateSignature] = "The desired state is not signed by a Hub key this cluster trusts.",
        [StateType] = "The desired state has a type or schema this agent does not know.",
        [StateWrongCluster] = "The desired state is for another cluster.",
        [StateRollback] = "The desired state is older than the last accepted one, or differs under the same serial.",
        [StateGap] = "The desired state does not follow the last accepted one directly; accepted, as it is complete in itself.",
        [StateExpired] = "The desired state has expired; the last good state goes on running.",
        [StateClock] = "The desired state was issued in the future by this cluster's clock.",
        [StateSize] = "The desired state is larger than 4 MiB.",
        [StateKey] = "A new Hub state key is not vouched for by one this cluster trusts.",
        [BlobMissing] = "A document that an install refers to could not be had.",
        [BlobDigest] = "A document's bytes do not match the digest it was asked for by.",
        [BlobSize] = "A document is larger than 1 MiB, or all of a state are larger than 64 MiB together.",
        [InstallUnapproved] = "An install lacks the approvals that this cluster's trust root asks for.",
        [InstallUnsigned] = "A version lacks the publisher's signature that this cluster's trust root asks for.",
        [InstallDependency] = "An install depends on one that is not there, is being removed, or in the end on itself.",
        [ProvisionerIntegrity] = "The provisioner package is not the pinned one.",
        [InputsSealed] = "The answers cannot be opened with this cluster's sealing key.",
        [EnrolmentToken] = "The enrolment token is malformed, unknown, used, expired, or another cluster's.",
        [EnrolmentProof] = "The agent did not prove that it holds the key it enrols.",
        [EnrolmentClock] = "The agent's clock and the Hub's differ by more than five minutes.",
        [AgentKeys] = "The agent's keys are not vouched for by the accepted agent key.",
        [ReceiptChain] = "A receipt is missing, altered, or not by this agent.",
        [ReportBase] = "A partial report builds on one the Hub does not have; send a full one.",
        [ApplyConflict] = "Another field manager owns a field that the install sets.",
    };
}
