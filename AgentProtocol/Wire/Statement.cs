using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Wire;

/// <summary>A kind of message that is only ever exchanged signed: a payload type and the format of its payload.</summary>
internal sealed class Statement<T>(string payloadType, WireFormat<T> format) where T : class
{
    public DsseEnvelope Sign(T value, params ReadOnlySpan<ISigner> signers) => Dsse.Sign(payloadType, format.Write(value), signers);

    /// <summary>Checks signatures first, then reads: nothing is parsed that no trusted key has signed.</summary>
    public Checked<Verified<T>> Verify(DsseEnvelope envelope, IReadOnlyCollection<EcPublicKey> trusted)
    {
        if (!Dsse.Verify(envelope, payloadType, trusted).TryGet(out var verified, out var refusal))
            return refusal;
        if (!format.ReadCanonical(verified.Payload.Span).TryGet(out var value, out refusal))
            return refusal;
        return new Verified<T>(value, Digest.Of(verified.Payload.Span), verified.Signers);
    }
}
