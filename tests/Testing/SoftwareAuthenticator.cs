using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CodeZero.Testing;

/// <summary>
/// An authenticator and the browser in front of it, in software: one discoverable credential on P-256 with attestation <c>none</c> (WebAuthn Level 3 §6 and §8.7). Right by
/// itself; a test changes one thing of a <see cref="Ceremony"/> to be wrong in one way.
/// </summary>
public sealed class SoftwareAuthenticator(string origin) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What becomes of one prompt.</summary>
    public sealed class Ceremony
    {
        public required string Type { get; set; }
        public required string Challenge { get; set; }
        public required string Origin { get; set; }
        public required string RelyingParty { get; set; }
        public bool? CrossOrigin { get; set; } = false;
        public string? TopOrigin { get; set; }
        public bool UserPresent { get; set; } = true;
        public bool UserVerified { get; set; } = true;
        public bool BackupEligible { get; set; }
        public bool BackedUp { get; set; }
        public uint Counter { get; set; }
        public required byte[] CredentialId { get; set; }
        public byte[]? UserHandle { get; set; }
        public required ECDsa Key { get; set; }
    }

    /// <summary>The credential's identifier.</summary>
    public byte[] CredentialId { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>What the relying party calls its person; empty before the credential was made.</summary>
    public byte[] UserHandle { get; private set; } = [];

    /// <summary>The name that the person sees beside the credential.</summary>
    public string UserName { get; private set; } = "";

    /// <summary>Counts signatures, as security keys do; copied passkeys stay at 0.</summary>
    public uint Counter { get; set; }

    /// <summary>Whether the credential may be copied between devices.</summary>
    public bool BackupEligible { get; init; }

    /// <summary><c>navigator.credentials.create</c>, as JSON.</summary>
    /// <param name="options"><c>PublicKeyCredentialCreationOptionsJSON</c>.</param>
    public string Create(string options, Action<Ceremony>? change = null)
    {
        var json = JsonNode.Parse(options)!;
        UserHandle = Decode(json["user"]!["id"]!);
        UserName = json["user"]!["name"]!.GetValue<string>();
        var ceremony = Begin("webauthn.create", json, json["rp"]!["id"]!.GetValue<string>(), change);
        byte[] attestation =
        [
            .. Cbor.Map(3),
            .. Cbor.Text("fmt"), .. Cbor.Text("none"),
            .. Cbor.Text("attStmt"), .. Cbor.Map(0),
            .. Cbor.Text("authData"), .. Cbor.Bytes([.. AuthenticatorData(ceremony, attested: true), .. new byte[16], .. BigEndian((ushort)ceremony.CredentialId.Length), .. ceremony.CredentialId, .. CoseKey(ceremony.Key)]),
        ];
        return Answer(ceremony, new JsonObject
        {
            ["clientDataJSON"] = Encode(ClientData(ceremony)),
            ["attestationObject"] = Encode(attestation),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary><c>navigator.credentials.get</c>, as JSON.</summary>
    /// <param name="options"><c>PublicKeyCredentialRequestOptionsJSON</c>.</param>
    public string Get(string options, Action<Ceremony>? change = null)
    {
        var json = JsonNode.Parse(options)!;
        if (Counter > 0)
            Counter++;
        var ceremony = Begin("webauthn.get", json, json["rpId"]!.GetValue<string>(), change);
        var (clientData, data) = (ClientData(ceremony), AuthenticatorData(ceremony, attested: false));
        var signature = ceremony.Key.SignData([.. data, .. SHA256.HashData(clientData)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Answer(ceremony, new JsonObject
        {
            ["clientDataJSON"] = Encode(clientData),
            ["authenticatorData"] = Encode(data),
            ["signature"] = Encode(signature),
            ["userHandle"] = ceremony.UserHandle is { } handle ? Encode(handle) : null,
        });
    }

    public void Dispose() => _key.Dispose();

    private Ceremony Begin(string type, JsonNode options, string relyingParty, Action<Ceremony>? change)
    {
        var ceremony = new Ceremony
        {
            Type = type,
            Challenge = options["challenge"]!.GetValue<string>(),
            Origin = origin,
            RelyingParty = relyingParty,
            Counter = Counter,
            BackupEligible = BackupEligible,
            BackedUp = BackupEligible,
            CredentialId = CredentialId,
            UserHandle = UserHandle,
            Key = _key,
        };
        change?.Invoke(ceremony);
        return ceremony;
    }

    private static byte[] ClientData(Ceremony ceremony)
    {
        var json = new JsonObject { ["type"] = ceremony.Type, ["challenge"] = ceremony.Challenge, ["origin"] = ceremony.Origin };
        if (ceremony.CrossOrigin is { } crossOrigin)
            json["crossOrigin"] = crossOrigin;
        if (ceremony.TopOrigin is { } topOrigin)
            json["topOrigin"] = topOrigin;
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    /// <summary>WebAuthn Level 3 §6.1.</summary>
    private static byte[] AuthenticatorData(Ceremony ceremony, bool attested)
    {
        var flags = (ceremony.UserPresent ? 0x01 : 0) | (ceremony.UserVerified ? 0x04 : 0) | (ceremony.BackupEligible ? 0x08 : 0) | (ceremony.BackedUp ? 0x10 : 0) | (attested ? 0x40 : 0);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(ceremony.RelyingParty)), (byte)flags, .. BigEndian(ceremony.Counter)];
    }

    /// <summary>EC2 on P-256 for ES256 (RFC 9053 §7.1.1).</summary>
    private static byte[] CoseKey(ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return [.. Cbor.Map(5), .. Cbor.Number(1), .. Cbor.Number(2), .. Cbor.Number(3), .. Cbor.Number(-7), .. Cbor.Number(-1), .. Cbor.Number(1), .. Cbor.Number(-2), .. Cbor.Bytes(point.X!), .. Cbor.Number(-3), .. Cbor.Bytes(point.Y!)];
    }

    private static string Answer(Ceremony ceremony, JsonObject response) => new JsonObject
    {
        ["id"] = Encode(ceremony.CredentialId),
        ["rawId"] = Encode(ceremony.CredentialId),
        ["type"] = "public-key",
        ["authenticatorAttachment"] = "platform",
        ["clientExtensionResults"] = new JsonObject(),
        ["response"] = response,
    }.ToJsonString();

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] BigEndian(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Decode(JsonNode text) => Base64Url.DecodeFromChars(text.GetValue<string>());

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>As much of CBOR (RFC 8949) as an attestation needs.</summary>
    private static class Cbor
    {
        public static byte[] Number(int value) => value >= 0 ? Head(0, value) : Head(1, -1 - value);

        public static byte[] Bytes(byte[] value) => [.. Head(2, value.Length), .. value];

        public static byte[] Text(string value) => [.. Head(3, value.Length), .. Encoding.ASCII.GetBytes(value)];

        public static byte[] Map(int pairs) => Head(5, pairs);

        private static byte[] Head(int major, int value) => value switch
        {
            < 24 => [(byte)(major << 5 | value)],
            < 256 => [(byte)(major << 5 | 24), (byte)value],
            _ => [(byte)(major << 5 | 25), .. BigEndian((ushort)value)],
        };
    }
}
