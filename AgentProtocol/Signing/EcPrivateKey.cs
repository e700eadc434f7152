using System.Security.Cryptography;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>Something that signs with ES256: a key in memory, or one in a KMS or a token behind the same two members.</summary>
public interface ISigner
{
    /// <summary>The key others verify with.</summary>
    EcPublicKey PublicKey { get; }

    /// <summary>ECDSA P-256 with SHA-256 over the data: 64 bytes, r and s (RFC 7518 §3.4).</summary>
    byte[] Sign(ReadOnlySpan<byte> data);
}

/// <summary>A P-256 private key in memory: an agent key, a sealing key, an approver's or publisher's key file, or the Hub's state key. One key has one use.</summary>
public sealed class EcPrivateKey : ISigner
{
    private const int PassphraseIterations = 600_000;
    private readonly ECParameters _parameters;

    private EcPrivateKey(ECParameters parameters)
    {
        _parameters = parameters;
        PublicKey = EcPublicKey.From(parameters);
    }

    public EcPublicKey PublicKey { get; }

    /// <summary>A new random key.</summary>
    public static EcPrivateKey Generate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(key.ExportParameters(includePrivateParameters: true));
    }

    /// <summary>Reads a PEM file with one private key: PKCS#8 (RFC 5958), with a passphrase or without, or SEC 1 (RFC 5915).</summary>
    /// <param name="passphrase">Needed when the file is encrypted; must be absent when it is not, so that nobody believes a plain file protected.</param>
    public static Checked<EcPrivateKey> FromPem(string pem, string? passphrase = null)
    {
        var encrypted = pem.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        if (encrypted && passphrase is null)
            return Bad("The key file is encrypted; give its passphrase.");
        if (!encrypted && passphrase is not null)
            return Bad("A passphrase was given, but the key file is not encrypted.");
        try
        {
            using var key = ECDsa.Create();
            if (encrypted)
                key.ImportFromEncryptedPem(pem, passphrase);
            else
                key.ImportFromPem(pem);
            var parameters = key.ExportParameters(includePrivateParameters: true);
            return parameters.Curve.Oid?.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new EcPrivateKey(parameters)
                : Bad("The key is not on the curve P-256; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return Bad(encrypted ? "The key file cannot be opened: the passphrase is wrong or the file is damaged." : "The file holds no P-256 private key in PEM form.");
        }
    }

    /// <summary>PKCS#8 in PEM form; with a passphrase, encrypted with AES-256-CBC under PBKDF2-HMAC-SHA-256 (600,000 rounds).</summary>
    public string ToPem(string? passphrase = null)
    {
        using var key = ECDsa.Create(_parameters);
        return passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, PassphraseIterations));
    }

    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        using var key = ECDsa.Create(_parameters);
        return key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>The raw ECDH secret Z: the x coordinate of the shared point (SEC 1 §3.3.1).</summary>
    internal byte[] Agree(EcPublicKey other)
    {
        using var mine = ECDiffieHellman.Create(_parameters);
        using var theirs = ECDiffieHellman.Create(other.ToParameters());
        using var theirPublic = theirs.PublicKey;
        return mine.DeriveRawSecretAgreement(theirPublic);
    }

    private static Refusal Bad(string reason) => new(RefusalCode.KeyFormat, reason);
}
