using System.Globalization;
using System.Text;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>One signature in an envelope.</summary>
/// <param name="Keyid">The signing key's RFC 7638 thumbprint: a hint which trusted key to try, never a reason to trust.</param>
/// <param name="Sig">Standard base64 of the 64 bytes r and s.</param>
public sealed record DsseSignature(string Keyid, string Sig);

/// <summary>A DSSE v1 envelope: a payload, its type, and signatures over both (https://github.com/secure-systems-lab/dsse).</summary>
/// <param name="PayloadType">A media type; it is part of what is signed.</param>
/// <param name="Payload">Standard base64 of the payload bytes.</param>
/// <param name="Signatures">1 to 16.</param>
public sealed record DsseEnvelope(string PayloadType, string Payload, IReadOnlyList<DsseSignature> Signatures)
{
    /// <summary>The largest envelope: a desired state of 4 MiB in base64, and its signatures.</summary>
    public const int MaxBytes = DesiredState.MaxBytes / 3 * 4 + 8 * 1024;

    private const int MaxSignatures = 16;
    private static readonly WireFormat<DsseEnvelope> Format = new("The envelope", MaxBytes, WireJson.Strict.DsseEnvelope, Problems);

    /// <summary>Reads an envelope's JSON. Nothing is verified yet.</summary>
    public static Checked<DsseEnvelope> Parse(ReadOnlySpan<byte> json) =>
        Format.Read(json).TryGet(out var envelope, out var refusal) ? envelope : refusal with
        {
            Code = refusal.Code == RefusalCode.MessageSize ? refusal.Code : RefusalCode.EnvelopeFormat,
        };

    public byte[] ToJson() => Format.Write(this);

    internal static IEnumerable<string> Problems(DsseEnvelope envelope)
    {
        if (!Rules.IsText(envelope.PayloadType, 128) || !Ascii.IsValid(envelope.PayloadType))
            yield return "payloadType must be 1 to 128 ASCII characters.";
        if (envelope.Signatures.Count is 0 or > MaxSignatures)
            yield return $"signatures must have 1 to {MaxSignatures} entries.";
        for (var i = 0; i < envelope.Signatures.Count; i++)
            if (envelope.Signatures[i] is not { } signature || !Rules.IsThumbprint(signature.Keyid) || !Rules.TryBase64(signature.Sig, out var bytes) || bytes.Length != 64)
                yield return $"signatures[{i}] must have a thumbprint as keyid and 64 bytes in standard base64 as sig.";
        if (!Rules.TryBase64(envelope.Payload, out _))
            yield return "payload must be standard base64 with padding.";
    }
}

/// <summary>A payload that at least one trusted key has signed.</summary>
/// <param name="Signers">Thumbprints of the trusted keys whose signatures are valid, each once.</param>
public sealed record VerifiedPayload(ReadOnlyMemory<byte> Payload, IReadOnlyList<string> Signers);

/// <summary>A signed statement that was verified and read.</summary>
/// <param name="Digest">The digest of the payload bytes.</param>
/// <param name="Signers">Thumbprints of the trusted keys whose signatures are valid, each once.</param>
public sealed record Verified<T>(T Value, Digest Digest, IReadOnlyList<string> Signers) where T : class;

/// <summary>Signing and verifying DSSE v1 envelopes with ES256. The algorithm and the keys come from the caller, never from the message.</summary>
public static class Dsse
{
    /// <summary>What is signed: PAE("DSSEv1", type, payload), DSSE protocol §2. For signers that work apart from <see cref="Sign"/>.</summary>
    public static byte[] PreAuthenticationEncoding(string payloadType, ReadOnlySpan<byte> payload)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} ");
        return [.. Encoding.UTF8.GetBytes(head), .. payload];
    }

    /// <summary>An envelope with one signature by each signer.</summary>
    /// <exception cref="ArgumentException">There is no signer, or more than 16.</exception>
    public static DsseEnvelope Sign(string payloadType, ReadOnlySpan<byte> payload, params ReadOnlySpan<ISigner> signers)
    {
        var signed = PreAuthenticationEncoding(payloadType, payload);
        var signatures = new List<DsseSignature>(signers.Length);
        foreach (var signer in signers)
            signatures.Add(new(signer.PublicKey.Thumbprint, Convert.ToBase64String(signer.Sign(signed))));
        var envelope = new DsseEnvelope(payloadType, Convert.ToBase64String(payload), signatures);
        return DsseEnvelope.Problems(envelope).FirstOrDefault() is { } problem ? throw new ArgumentException(problem, nameof(signers)) : envelope;
    }

    /// <summary>The payload, when at least one trusted key signed it and it is of the expected type.</summary>
    /// <returns><see cref="RefusalCode.EnvelopeFormat"/>, <see cref="RefusalCode.EnvelopeSignature"/> or <see cref="RefusalCode.EnvelopeType"/> otherwise.</returns>
    public static Checked<VerifiedPayload> Verify(DsseEnvelope envelope, string expectedType, IReadOnlyCollection<EcPublicKey> trusted)
    {
        if (DsseEnvelope.Problems(envelope).FirstOrDefault() is { } problem)
            return new Refusal(RefusalCode.EnvelopeFormat, $"The envelope cannot be read: {problem}");
        var payload = Convert.FromBase64String(envelope.Payload);
        var signed = PreAuthenticationEncoding(envelope.PayloadType, payload);
        var signers = new List<string>();
        foreach (var signature in envelope.Signatures)
            if (!signers.Contains(signature.Keyid)
                && trusted.FirstOrDefault(k => k.Thumbprint == signature.Keyid) is { } key
                && key.Verifies(signed, Convert.FromBase64String(signature.Sig)))
                signers.Add(key.Thumbprint);
        if (signers.Count == 0)
            return new Refusal(RefusalCode.EnvelopeSignature, NoSigner(envelope, trusted));
        if (envelope.PayloadType != expectedType)
            return new Refusal(RefusalCode.EnvelopeType, $"The payload is a {envelope.PayloadType}; expected is {expectedType}.");
        return new VerifiedPayload(payload, signers);
    }

    private static string NoSigner(DsseEnvelope envelope, IReadOnlyCollection<EcPublicKey> trusted)
    {
        var known = envelope.Signatures.FirstOrDefault(s => trusted.Any(k => k.Thumbprint == s.Keyid));
        return known is not null
            ? $"The signature by the key {known.Keyid} is not valid: the content was altered after it was signed."
            : $"The signature is by the key {envelope.Signatures[0].Keyid}, which is not trusted for this.";
    }
}
