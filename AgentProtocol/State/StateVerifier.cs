using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Which cluster the agent is, as its enrolment said and never as a state says.</summary>
public sealed record AgentIdentity(Guid Cluster, Guid Organization);

/// <summary>The last state the agent accepted.</summary>
public sealed record LastAccepted(long Serial, Digest Digest);

/// <summary>A state that may be acted on.</summary>
/// <param name="Digest">Of the payload: what <see cref="LastAccepted"/> and receipts name.</param>
/// <param name="Warnings">What is worth reporting though it is accepted: <see cref="RefusalCode.StateGap"/>, or for the last good state <see cref="RefusalCode.StateExpired"/>.</param>
public sealed record AcceptedState(DesiredState State, Digest Digest, IReadOnlyList<Refusal> Warnings);

/// <summary>Whether an agent may act on a desired state: the rows of protocol §5 in their order. Pure; the installs are checked one by one by <see cref="InstallVerifier"/>.</summary>
public static class StateVerifier
{
    /// <summary>Checks a state that the Hub sent.</summary>
    /// <param name="envelope">The DSSE envelope's JSON as it came.</param>
    /// <param name="stateKeys">The Hub state keys trusted now: <see cref="StateKeyChain.Trusted"/>.</param>
    /// <param name="last">Null before the first state.</param>
    /// <returns>The state, or one of the <c>state.*</c> codes; then the last good state stays in force.</returns>
    public static Checked<AcceptedState> Verify(
        ReadOnlySpan<byte> envelope, IReadOnlyCollection<EcPublicKey> stateKeys, AgentIdentity identity, LastAccepted? last, DateTimeOffset now)
    {
        if (!Authentic(envelope, stateKeys, identity).TryGet(out var verified, out var refusal))
            return refusal;
        var (state, digest) = (verified.Value, verified.Digest);
        if (last is not null && (state.Serial < last.Serial || (state.Serial == last.Serial && digest != last.Digest)))
            return new Refusal(RefusalCode.StateRollback, state.Serial < last.Serial
                ? $"The state has serial {state.Serial}, but {last.Serial} was already accepted. The Hub must issue a higher serial."
                : $"The state has the accepted serial {last.Serial}, but other content. The Hub must issue it under a higher serial.");
        if (state.IssuedAt - now > AgentApi.ClockSkew)
            return new Refusal(RefusalCode.StateClock,
                $"The state was issued at {UtcSeconds.Format(state.IssuedAt)}, but it is {UtcSeconds.Format(now)} here. Set the clocks of the cluster's nodes right.");
        if (state.ExpiryAt(now) is { } expired)
            return expired;
        var gap = last is not null && state.Serial > last.Serial && state.Previous != last.Digest;
        return new AcceptedState(state, digest, gap ? [Gap(state, last!)] : []);
    }

    /// <summary>
    /// Checks the last good state again, as an agent does when it starts: who signed it and for whom. Its age only warns, as a cluster cut off from the Hub goes on running.
    /// </summary>
    public static Checked<AcceptedState> VerifyLastGood(
        ReadOnlySpan<byte> envelope, IReadOnlyCollection<EcPublicKey> stateKeys, AgentIdentity identity, DateTimeOffset now) =>
        Authentic(envelope, stateKeys, identity).TryGet(out var verified, out var refusal)
            ? new AcceptedState(verified.Value, verified.Digest, verified.Value.ExpiryAt(now) is { } expired ? [expired] : [])
            : refusal;

    private static Checked<Verified<DesiredState>> Authentic(ReadOnlySpan<byte> envelope, IReadOnlyCollection<EcPublicKey> stateKeys, AgentIdentity identity)
    {
        if (!DsseEnvelope.Parse(envelope).TryGet(out var parsed, out var refusal) || !DesiredState.Statement.Verify(parsed, stateKeys).TryGet(out var verified, out refusal))
            return refusal with { Code = StateCode(refusal.Code) };
        var state = verified.Value;
        if (state.Cluster != identity.Cluster || state.Organization != identity.Organization)
            return new Refusal(RefusalCode.StateWrongCluster,
                $"The state is for cluster {state.Cluster} of organization {state.Organization}; this is {identity.Cluster} of {identity.Organization}. Enrol the cluster anew if it changed hands.");
        return verified;
    }

    private static string StateCode(string code) => code switch
    {
        RefusalCode.EnvelopeFormat or RefusalCode.EnvelopeSignature => RefusalCode.StateSignature,
        RefusalCode.MessageSize => RefusalCode.StateSize,
        _ => RefusalCode.StateType,
    };

    private static Refusal Gap(DesiredState state, LastAccepted last) => new(RefusalCode.StateGap,
        $"State {state.Serial} follows {state.Previous?.ToString() ?? "none"}, not the accepted {last.Serial} ({last.Digest}). It is complete in itself and was accepted.");
}
