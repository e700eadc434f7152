using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Wire;

/// <summary>
/// The JSON of every message, generated at build time so that a trimmed agent can read it. What is signed is read <see cref="Strict"/>: a member
/// this version does not know could change the meaning of what was signed. Other messages are read <see cref="Additive"/>: a newer side may say more.
/// In both, a member that stands twice, is missing, or is null where it must not be, is refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 16,
    Converters = [
        typeof(DigestConverter), typeof(UtcSecondsConverter), typeof(EcPublicKeyConverter), typeof(NameConverter<EnrolmentStatus>),
        typeof(NameConverter<InstallPhase>), typeof(NameConverter<ReportStep>), typeof(NameConverter<StepState>), typeof(NameConverter<ConditionStatus>)])]
[JsonSerializable(typeof(DsseEnvelope))]
[JsonSerializable(typeof(EcPublicKey))]
[JsonSerializable(typeof(DesiredState))]
[JsonSerializable(typeof(InstallDigest.Content), TypeInfoPropertyName = "InstallDigestContent")]
[JsonSerializable(typeof(StateKeySuccession))]
[JsonSerializable(typeof(StateKeySet))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(ApprovalSet))]
[JsonSerializable(typeof(PublishedVersion))]
[JsonSerializable(typeof(EnrolmentProof))]
[JsonSerializable(typeof(EnrolmentRequest))]
[JsonSerializable(typeof(EnrolmentResponse))]
[JsonSerializable(typeof(AgentKeys))]
[JsonSerializable(typeof(AgentReport))]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(Inputs))]
[JsonSerializable(typeof(SealedInputs.Header), TypeInfoPropertyName = "SealedInputsHeader")]
[JsonSerializable(typeof(DpopProof.Header), TypeInfoPropertyName = "DpopProofHeader")]
[JsonSerializable(typeof(DpopProof.Claims), TypeInfoPropertyName = "DpopProofClaims")]
[JsonSerializable(typeof(ClientAssertion.Header), TypeInfoPropertyName = "ClientAssertionHeader")]
[JsonSerializable(typeof(ClientAssertion.Claims), TypeInfoPropertyName = "ClientAssertionClaims")]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>Refuses members it does not know.</summary>
    public static WireJson Strict => Default;

    /// <summary>Skips members it does not know.</summary>
    public static WireJson Additive => Skipping.Context;

    /// <summary>Apart, because it is made from <see cref="Default"/>, which is made when the outer class is.</summary>
    private static class Skipping
    {
        public static readonly WireJson Context =
            new(new JsonSerializerOptions(Strict.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip });
    }
}
