using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>
/// The agent's signed word that it accepted or refused a state. Each names the one before, so that none can be left out or altered unseen. Protocol §8.
/// </summary>
/// <param name="Serial">The state's; null when the state could not be trusted enough to read it.</param>
/// <param name="StateDigest">Of the payload; of the bytes as they came, when those could not be read.</param>
/// <param name="Result"><see cref="Accepted"/>, or the refusal's code.</param>
/// <param name="PreviousReceipt">Digest of the previous receipt's payload; null for an agent's first.</param>
public sealed record Receipt(Guid Cluster, long? Serial, Digest StateDigest, string Result, DateTimeOffset At, Digest? PreviousReceipt)
{
    public const string PayloadType = "application/vnd.codezero.receipt.v1+json";

    /// <summary>The <see cref="Result"/> of an accepted state.</summary>
    public const string Accepted = "accepted";

    private static readonly WireFormat<Receipt> Format = new("The receipt", 4096, WireJson.Strict.Receipt, Problems);
    internal static readonly Statement<Receipt> Statement = new(PayloadType, Format);

    /// <summary>What the next receipt names as <see cref="PreviousReceipt"/>.</summary>
    public Digest ToDigest() => Digest.Of(Format.Write(this));

    /// <exception cref="ArgumentException">The receipt breaks a rule.</exception>
    public DsseEnvelope Sign(ISigner agentKey) => Statement.Sign(this, agentKey);

    /// <summary>One receipt, signed by this agent key. For a whole chain see <see cref="ReceiptChain"/>.</summary>
    public static Checked<Verified<Receipt>> Verify(DsseEnvelope envelope, EcPublicKey agentKey) => Statement.Verify(envelope, [agentKey]);

    private static IEnumerable<string> Problems(Receipt receipt)
    {
        if (receipt.Serial is < 1 or > DesiredState.MaxSerial)
            yield return $"serial must be 1 to {DesiredState.MaxSerial}, or null.";
        if (!Rules.IsText(receipt.Result, 64))
            yield return "result must be accepted or a refusal's code.";
    }
}

/// <summary>The history of a cluster's receipts, checked without trusting who kept it (<c>czctl clusters audit</c>).</summary>
public static class ReceiptChain
{
    /// <summary>Checks receipts from an agent's first on.</summary>
    /// <param name="agentKeys">The agent keys this cluster has had.</param>
    /// <param name="latest">Digest of the newest receipt when it is known from elsewhere, such as the agent itself: finds receipts cut off the end.</param>
    /// <returns>The receipts, or <see cref="RefusalCode.ReceiptChain"/> with the place of the first break.</returns>
    public static Checked<Receipt[]> Verify(
        IReadOnlyList<DsseEnvelope> envelopes, Guid cluster, IReadOnlyCollection<EcPublicKey> agentKeys, Digest? latest = null)
    {
        var receipts = new List<Receipt>(envelopes.Count);
        Digest? previous = null;
        foreach (var envelope in envelopes)
        {
            if (!Receipt.Statement.Verify(envelope, agentKeys).TryGet(out var verified, out var refusal))
                return Broken(receipts.Count, refusal.Reason);
            if (verified.Value.Cluster != cluster)
                return Broken(receipts.Count, $"it is cluster {verified.Value.Cluster}'s.");
            if (verified.Value.PreviousReceipt != previous)
                return Broken(receipts.Count, $"it follows {verified.Value.PreviousReceipt?.ToString() ?? "none"}, but before it stands {previous?.ToString() ?? "none"}: one is missing, or two changed places.");
            receipts.Add(verified.Value);
            previous = verified.Digest;
        }
        return latest is not null && latest != previous
            ? Broken(receipts.Count, $"the newest should be {latest}, but the chain ends with {previous?.ToString() ?? "none"}.")
            : receipts.ToArray();
    }

    private static Refusal Broken(int index, string why) => new(RefusalCode.ReceiptChain, $"The chain of receipts breaks at number {index + 1}: {why}");
}
