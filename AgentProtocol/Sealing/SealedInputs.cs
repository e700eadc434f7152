using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Sealing;

/// <summary>
/// Answers sealed to one install of one cluster: a JWE in compact form (RFC 7516 §3.1) with <c>alg</c> ECDH-ES+A256KW and <c>enc</c> A256GCM (RFC 7518 §4.6, §5.3).
/// The protected header also names the cluster and the install; as it is authenticated, the Hub cannot hand one install's secrets to another.
/// </summary>
public static class SealedInputs
{
    /// <summary>256 KiB.</summary>
    public const int MaxBytes = 256 * 1024;

    private const string Algorithm = "ECDH-ES+A256KW", Encryption = "A256GCM";
    private const int ContentKeyBytes = 32, NonceBytes = 12, TagBytes = 16, MaxHeaderBytes = 2048;

    /// <summary>Seals answers; every call uses a new ephemeral key, content key and nonce.</summary>
    /// <param name="sealingKey">The cluster's, from a verified <see cref="AgentKeys"/>.</param>
    /// <exception cref="ArgumentException">The answers break a rule of <see cref="Inputs"/>.</exception>
    public static byte[] Seal(EcPublicKey sealingKey, Guid cluster, Guid install, Inputs inputs)
    {
        var plaintext = inputs.ToCanonicalJson();
        var ephemeral = EcPrivateKey.Generate();
        var header = new Header(Algorithm, Encryption, ephemeral.PublicKey, sealingKey.Thumbprint, cluster, install);
        var protectedHeader = Base64Url.EncodeToString(CanonicalJson.Serialize(JsonSerializer.SerializeToElement(header, WireJson.Strict.SealedInputsHeader)));

        var contentKey = RandomNumberGenerator.GetBytes(ContentKeyBytes);
        var wrapped = AesKeyWrap.Wrap(KeyEncryptionKey(ephemeral, sealingKey), contentKey);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var ciphertext = new byte[plaintext.Length];
        var tag = new byte[TagBytes];
        using (var gcm = new AesGcm(contentKey, TagBytes))
            gcm.Encrypt(nonce, plaintext, ciphertext, tag, Encoding.ASCII.GetBytes(protectedHeader));
        CryptographicOperations.ZeroMemory(plaintext);
        CryptographicOperations.ZeroMemory(contentKey);
        return Encoding.ASCII.GetBytes(string.Join('.',
            protectedHeader, Base64Url.EncodeToString(wrapped), Base64Url.EncodeToString(nonce), Base64Url.EncodeToString(ciphertext), Base64Url.EncodeToString(tag)));
    }

    /// <summary>Opens answers sealed to this key for this install of this cluster.</summary>
    /// <returns><see cref="RefusalCode.InputsSealed"/> otherwise. How decryption failed is not told, as that helps only an attacker.</returns>
    public static Checked<Inputs> Open(EcPrivateKey sealingKey, Guid cluster, Guid install, ReadOnlySpan<byte> compact)
    {
        if (compact.Length > MaxBytes)
            return Refused($"they have {compact.Length} bytes; at most {MaxBytes} are allowed.");
        if (Encoding.ASCII.GetString(compact).Split('.') is not [var protectedHeader, var keyText, var nonceText, var cipherText, var tagText]
            || !Rules.TryBase64Url(keyText, out var wrapped) || wrapped.Length != ContentKeyBytes + AesKeyWrap.Overhead
            || !Rules.TryBase64Url(nonceText, out var nonce) || nonce.Length != NonceBytes
            || !Rules.TryBase64Url(cipherText, out var ciphertext) || !Rules.TryBase64Url(tagText, out var tag) || tag.Length != TagBytes)
            return Refused("they are no JWE in compact form.");
        if (ReadHeader(protectedHeader) is not { } header)
            return Refused($"their header must be exactly alg {Algorithm}, enc {Encryption}, epk, kid, cluster and install.");
        if (header.Kid != sealingKey.PublicKey.Thumbprint)
            return Refused($"they are sealed to the key {header.Kid}; this is {sealingKey.PublicKey.Thumbprint}. Enter the answers again.");
        if (header.Cluster != cluster || header.Install != install)
            return Refused($"they belong to install {header.Install} of cluster {header.Cluster}.");

        var plaintext = new byte[ciphertext.Length];
        if (!AesKeyWrap.TryUnwrap(KeyEncryptionKey(sealingKey, header.Epk), wrapped, out var contentKey))
            return Undecryptable();
        try
        {
            using var gcm = new AesGcm(contentKey, TagBytes);
            gcm.Decrypt(nonce, ciphertext, tag, plaintext, Encoding.ASCII.GetBytes(protectedHeader));
        }
        catch (AuthenticationTagMismatchException)
        {
            return Undecryptable();
        }
        var inputs = Inputs.Parse(plaintext);
        CryptographicOperations.ZeroMemory(plaintext);
        // The parser's words could quote an answer; they stay here.
        return inputs.Accepted ? inputs : Refused("what is inside is not in the form of inputs.");
    }

    private static Header? ReadHeader(string protectedHeader)
    {
        if (protectedHeader.Length > MaxHeaderBytes || !Rules.TryBase64Url(protectedHeader, out var json))
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, WireJson.Strict.SealedInputsHeader) is { Alg: Algorithm, Enc: Encryption } header && Rules.IsThumbprint(header.Kid) ? header : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] KeyEncryptionKey(EcPrivateKey mine, EcPublicKey theirs) =>
        ConcatKdf.Derive(mine.Agree(theirs), Algorithm, partyU: [], partyV: [], keyBytes: 32);

    private static Refusal Undecryptable() => Refused("they were altered, or sealed to another key.");

    private static Refusal Refused(string why) => new(RefusalCode.InputsSealed, $"The sealed inputs cannot be opened: {why}");

    internal sealed record Header(string Alg, string Enc, EcPublicKey Epk, string Kid, Guid Cluster, Guid Install);
}
