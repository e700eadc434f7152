using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Where an enrolment stands.</summary>
public enum EnrolmentStatus
{
    /// <summary>A member must confirm the thumbprint (<c>czctl clusters accept</c>).</summary>
    Pending,

    /// <summary>The agent may fetch its state.</summary>
    Accepted,

    /// <summary>A member refused it, or it was revoked.</summary>
    Refused,
}

/// <summary>The Hub's answer to an enrolment, and later to the question how it stands.</summary>
/// <param name="Agent">The agent's id in the Hub: one enrolled key. Its OAuth client id is <see cref="AgentApi.ClientId"/>.</param>
/// <param name="Thumbprint">Of the agent key: what a person compares with the agent's own log before accepting.</param>
/// <param name="Issuer">The Hub's issuer identifier, the audience of client assertions.</param>
/// <param name="StateKeys">The Hub's state keys, to be compared with the trust root; none becomes trusted by standing here.</param>
public sealed record EnrolmentResponse(
    Guid Cluster, Guid Organization, Guid Agent, string Thumbprint, EnrolmentStatus Status, string Issuer, IReadOnlyList<EcPublicKey> StateKeys)
{
    private static readonly WireFormat<EnrolmentResponse> Format = new("The enrolment's answer", 64 * 1024, WireJson.Additive.EnrolmentResponse, Problems);

    public static Checked<EnrolmentResponse> Parse(ReadOnlySpan<byte> json) => Format.Read(json);

    public byte[] ToJson() => Format.Write(this);

    private static IEnumerable<string> Problems(EnrolmentResponse response)
    {
        if (!Rules.IsThumbprint(response.Thumbprint))
            yield return "thumbprint must be base64url of 32 bytes.";
        if (!Uri.TryCreate(response.Issuer, UriKind.Absolute, out var issuer) || issuer.Scheme is not ("https" or "http"))
            yield return "issuer must be an absolute URL.";
        if (response.StateKeys.Count > StateKeyChain.MaxLength || response.StateKeys.Any(k => k is null))
            yield return $"stateKeys must hold at most {StateKeyChain.MaxLength} keys.";
    }
}
