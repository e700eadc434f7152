using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>The published vectors of the documents that the protocol follows.</summary>
public sealed class CryptographyTests
{
    [Fact]
    public void Key_agreement_and_derivation_match_RFC_7518_appendix_C()
    {
        var alice = Private("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck", "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw");
        var bob = EcPublicKey.Parse("""{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}""").Value;
        var ephemeral = Private("gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps", "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");

        var secret = ephemeral.Agree(bob);
        Assert.Equal("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4", Convert.ToHexStringLower(secret));
        Assert.Equal(secret, alice.Agree(ephemeral.PublicKey));
        var key = ConcatKdf.Derive(secret, "A128GCM", "Alice"u8, "Bob"u8, keyBytes: 16);
        Assert.Equal("VqqN6vgjbSBcIijNcacQGg", Base64Url.EncodeToString(key));
    }

    [Theory]
    [InlineData("000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7")]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")]
    public void Key_wrapping_matches_RFC_3394_section_4(string kek, string key, string wrapped)
    {
        Assert.Equal(wrapped, Convert.ToHexString(AesKeyWrap.Wrap(Convert.FromHexString(kek), Convert.FromHexString(key))));
        Assert.True(AesKeyWrap.TryUnwrap(Convert.FromHexString(kek), Convert.FromHexString(wrapped), out var unwrapped));
        Assert.Equal(key, Convert.ToHexString(unwrapped));
    }

    [Fact]
    public void A_wrapped_key_with_any_bit_changed_does_not_unwrap()
    {
        var kek = new byte[32];
        var wrapped = AesKeyWrap.Wrap(kek, new byte[32]);
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(AesKeyWrap.TryUnwrap(kek, wrapped, out _));
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_thumbprint_is_the_SHA_256_of_the_canonical_JWK()
    {
        var key = EcPublicKey.Parse("""{"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","crv":"P-256","kty":"EC"}""").Value;
        Assert.Equal("""{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""", key.ToString());
        Assert.Equal("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U", key.Thumbprint);
    }

    [Fact]
    public void An_ES256_signature_of_RFC_7515_A3_verifies()
    {
        var key = EcPublicKey.Parse("""{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""").Value;
        var input = Encoding.ASCII.GetBytes("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ");
        var signature = Base64Url.DecodeFromChars("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
        Assert.True(key.Verifies(input, signature));
        input[^1] ^= 1;
        Assert.False(key.Verifies(input, signature));
    }

    [Fact]
    public void The_pre_authentication_encoding_is_that_of_the_DSSE_protocol() =>
        Assert.Equal("DSSEv1 29 http://example.com/HelloWorld 11 hello world", Encoding.UTF8.GetString(Dsse.PreAuthenticationEncoding("http://example.com/HelloWorld", "hello world"u8)));

    /// <summary>The vectors give JWKs; the product reads private keys from PEM only.</summary>
    private static EcPrivateKey Private(string x, string y, string d)
    {
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) },
            D = Base64Url.DecodeFromChars(d),
        });
        return EcPrivateKey.FromPem(key.ExportPkcs8PrivateKeyPem()).Value;
    }
}
