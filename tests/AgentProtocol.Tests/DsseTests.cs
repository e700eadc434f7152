using System.Text;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class DsseTests
{
    private const string Type = "application/test+json";
    private readonly Sample _sample = new();

    [Fact]
    public void What_was_signed_verifies_and_names_its_signers_once()
    {
        var envelope = Dsse.Sign(Type, "{}"u8, _sample.Alice, _sample.Bob, _sample.Stranger, _sample.Alice);
        var read = DsseEnvelope.Parse(envelope.ToJson()).Value;
        var verified = Dsse.Verify(read, Type, [_sample.Bob.PublicKey, _sample.Alice.PublicKey]).Value;
        Assert.Equal("{}"u8, verified.Payload.Span);
        Assert.Equal([_sample.Alice.PublicKey.Thumbprint, _sample.Bob.PublicKey.Thumbprint], verified.Signers);
    }

    [Fact]
    public void Every_bit_of_payload_type_and_signature_counts()
    {
        var envelope = Dsse.Sign(Type, "{\"a\":1}"u8, _sample.Alice);
        foreach (var payload in Flipped(Convert.FromBase64String(envelope.Payload)))
            Refused(envelope with { Payload = Convert.ToBase64String(payload) });
        foreach (var signature in Flipped(Convert.FromBase64String(envelope.Signatures[0].Sig)))
            Refused(envelope with { Signatures = [envelope.Signatures[0] with { Sig = Convert.ToBase64String(signature) }] });
        foreach (var type in Flipped(Encoding.ASCII.GetBytes(Type)))
            Refused(envelope with { PayloadType = Encoding.Latin1.GetString(type) });

        void Refused(DsseEnvelope altered) =>
            Assert.True(Dsse.Verify(altered, altered.PayloadType, [_sample.Alice.PublicKey]).Refusal?.Code is RefusalCode.EnvelopeSignature or RefusalCode.EnvelopeFormat);
    }

    [Fact]
    public void A_byte_cannot_move_between_type_and_payload()
    {
        var envelope = Dsse.Sign("type 1", "x"u8, _sample.Alice);
        var moved = envelope with { PayloadType = "type", Payload = Convert.ToBase64String("1 x"u8) };
        Assert.False(Dsse.Verify(moved, "type", [_sample.Alice.PublicKey]).Accepted);
    }

    [Fact]
    public void A_signature_counts_only_under_its_own_keys_name()
    {
        var envelope = Dsse.Sign(Type, "{}"u8, _sample.Alice);
        var renamed = envelope with { Signatures = [envelope.Signatures[0] with { Keyid = _sample.Bob.PublicKey.Thumbprint }] };
        Assert.False(Dsse.Verify(renamed, Type, [_sample.Alice.PublicKey, _sample.Bob.PublicKey]).Accepted);
    }

    [Fact]
    public void A_DER_or_all_zero_signature_is_none()
    {
        var envelope = Dsse.Sign(Type, "{}"u8, _sample.Alice);
        Assert.False(Dsse.Verify(envelope with { Signatures = [envelope.Signatures[0] with { Sig = Convert.ToBase64String(new byte[64]) }] }, Type, [_sample.Alice.PublicKey]).Accepted);
        Assert.Equal(RefusalCode.EnvelopeFormat,
            Dsse.Verify(envelope with { Signatures = [envelope.Signatures[0] with { Sig = Convert.ToBase64String(new byte[70]) }] }, Type, [_sample.Alice.PublicKey]).Refusal?.Code);
    }

    [Fact]
    public void Nobody_trusted_means_nothing_accepted() =>
        Assert.False(Dsse.Verify(Dsse.Sign(Type, "{}"u8, _sample.Alice), Type, []).Accepted);

    [Fact]
    public void Base64_has_one_writing()
    {
        var envelope = Dsse.Sign(Type, "a"u8, _sample.Alice);
        foreach (var payload in new[] { "YQ", "YQ=", " YQ==", "YQ==\n", "YR==", "Y-==", "YQ==YQ==" })
            Assert.Equal(RefusalCode.EnvelopeFormat, Dsse.Verify(envelope with { Payload = payload }, Type, [_sample.Alice.PublicKey]).Refusal?.Code);
    }

    [Fact]
    public void An_envelope_has_at_least_one_and_at_most_16_signatures()
    {
        Assert.Throws<ArgumentException>(() => Dsse.Sign(Type, "{}"u8));
        Assert.Throws<ArgumentException>(() => Dsse.Sign(Type, "{}"u8, [.. Enumerable.Repeat(_sample.Alice, 17)]));
    }

    private static IEnumerable<byte[]> Flipped(byte[] bytes)
    {
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var copy = bytes.ToArray();
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            yield return copy;
        }
    }
}
