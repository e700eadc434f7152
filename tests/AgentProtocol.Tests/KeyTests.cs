using System.Security.Cryptography;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class KeyTests
{
    private const string X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}""")]
    [InlineData("""{"kty":"RSA","crv":"P-256","x":"@","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-384","x":"@","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"@","y":"#","kid":"1"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"@","x":"@","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"@=","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":" @","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"#"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"@","y":1}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"@","y":"@"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"__________________________________________8","y":"#"}""")]
    public void A_key_that_is_no_point_on_P_256_in_its_one_form_is_refused(string jwk) =>
        Assert.Equal(RefusalCode.KeyFormat, EcPublicKey.Parse(jwk.Replace("@", X, StringComparison.Ordinal).Replace("#", Y, StringComparison.Ordinal)).Refusal?.Code);

    [Fact]
    public void A_private_key_where_a_public_one_belongs_is_called_lost()
    {
        var refusal = EcPublicKey.Parse($$"""{"kty":"EC","crv":"P-256","d":"{{X}}","x":"{{X}}","y":"{{Y}}"}""").Refusal!;
        Assert.Contains("private key", refusal.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(X, refusal.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("correct horse")]
    public void A_private_key_survives_its_file(string? passphrase)
    {
        var key = EcPrivateKey.Generate();
        var read = EcPrivateKey.FromPem(key.ToPem(passphrase), passphrase).Value;
        Assert.Equal(key.PublicKey, read.PublicKey);
        Assert.True(key.PublicKey.Verifies("data"u8, read.Sign("data"u8)));
    }

    [Fact]
    public void A_key_file_says_what_is_wrong_with_it()
    {
        var key = EcPrivateKey.Generate();
        Says("give its passphrase", key.ToPem("secret"), null);
        Says("passphrase is wrong", key.ToPem("secret"), "Secret");
        Says("not encrypted", key.ToPem(), "secret");
        Says("no P-256 private key", "", null);
        Says("no P-256 private key", key.PublicKey.ToString(), null);
        Says("no P-256 private key", key.ToPem()[..80], null);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Says("not on the curve P-256", other.ExportPkcs8PrivateKeyPem(), null);
        Says("no P-256 private key", other.ExportSubjectPublicKeyInfoPem(), null);

        static void Says(string what, string pem, string? passphrase) =>
            Assert.Contains(what, EcPrivateKey.FromPem(pem, passphrase).Refusal?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_are_equal_by_value()
    {
        var key = EcPrivateKey.Generate().PublicKey;
        Assert.Equal(key, EcPublicKey.Parse(key.ToString()).Value);
        Assert.NotEqual(key, EcPrivateKey.Generate().PublicKey);
    }
}
