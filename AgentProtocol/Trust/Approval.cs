using System.Runtime.InteropServices;
using System.Text.Json;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>One person's approval of one install's exact content on one cluster.</summary>
/// <param name="Install">The install's id.</param>
/// <param name="Digest">The <see cref="InstallDigest"/> of what is approved.</param>
/// <param name="ExpiresAt">Until when it may be used to bring the install in; what runs by then goes on. Null: without end.</param>
/// <param name="Approver">Who approved, for people; the signature says which key.</param>
public sealed record Approval(
    Guid Cluster, Guid Organization, Guid Install, Digest Digest, DateTimeOffset ApprovedAt, DateTimeOffset? ExpiresAt, string Approver)
{
    public const string PayloadType = "application/vnd.codezero.approval.v1+json";

    /// <summary>The longest <see cref="Approver"/>, in characters.</summary>
    public const int MaxApprover = 200;

    private static readonly WireFormat<Approval> Format = new("The approval", 8 * 1024, WireJson.Strict.Approval, Problems);
    internal static readonly Statement<Approval> Statement = new(PayloadType, Format);

    /// <summary>Reads an approval without judging who signed it: for who carries it to the cluster, which does (<see cref="ApprovalVerifier"/>).</summary>
    /// <returns><see cref="RefusalCode.EnvelopeType"/> or <see cref="RefusalCode.MessageFormat"/> otherwise.</returns>
    public static Checked<Approval> ReadUnverified(DsseEnvelope envelope) =>
        envelope.PayloadType != PayloadType ? new Refusal(RefusalCode.EnvelopeType, $"The payload is a {envelope.PayloadType}; expected is {PayloadType}.")
        : Rules.TryBase64(envelope.Payload, out var payload) ? Format.ReadCanonical(payload)
        : new Refusal(RefusalCode.MessageFormat, "The payload is not standard base64.");

    /// <exception cref="ArgumentException">The approval breaks a rule.</exception>
    public DsseEnvelope Sign(ISigner approver) => Statement.Sign(this, approver);

    private static IEnumerable<string> Problems(Approval approval)
    {
        if (approval.ExpiresAt <= approval.ApprovedAt)
            yield return "expiresAt must be after approvedAt, or null.";
        if (!Rules.IsText(approval.Approver, MaxApprover))
            yield return $"approver must be 1 to {MaxApprover} characters on one line.";
    }
}

/// <summary>
/// The approvals of one install, as the document its <see cref="DesiredInstall.Approval"/> names. An entry is the envelope of an <see cref="Approval"/>;
/// an entry of a kind the reader does not know counts for nothing and harms nothing.
/// </summary>
/// <param name="Approvals">At most 64.</param>
public sealed record ApprovalSet(IReadOnlyList<JsonElement> Approvals)
{
    /// <summary>64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int MaxApprovals = 64;
    private static readonly WireFormat<ApprovalSet> Format = new("The set of approvals", MaxBytes, WireJson.Strict.ApprovalSet, Problems);

    public static ApprovalSet Of(IEnumerable<DsseEnvelope> approvals) =>
        new([.. approvals.Select(a => JsonSerializer.SerializeToElement(a, WireJson.Strict.DsseEnvelope))]);

    public static Checked<ApprovalSet> Parse(ReadOnlySpan<byte> json) => Format.Read(json);

    /// <summary>Canonical JSON; its digest is the document's name.</summary>
    /// <exception cref="ArgumentException">There are more than 64 approvals, or more than 64 KiB of them.</exception>
    public byte[] ToCanonicalJson() => Format.Write(this);

    /// <summary>The entries that are envelopes; what one says is not verified here.</summary>
    public IEnumerable<DsseEnvelope> Envelopes() =>
        Approvals.Select(a => DsseEnvelope.Parse(JsonMarshal.GetRawUtf8Value(a))).Where(e => e.Accepted).Select(e => e.Value);

    private static IEnumerable<string> Problems(ApprovalSet set)
    {
        if (set.Approvals.Count > MaxApprovals)
            yield return $"approvals has {set.Approvals.Count} entries; at most {MaxApprovals} are allowed.";
    }
}
