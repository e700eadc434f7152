using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Whether an enrolment request proves what it says. Whether the token is known, unused and in time, the Hub asks its database, in the same transaction that uses it up.</summary>
public static class EnrolmentVerifier
{
    /// <param name="token">The token of the Authorization header.</param>
    /// <param name="now">The Hub's time; it stands in the refusal when the clocks differ by more than <see cref="AgentApi.ClockSkew"/>.</param>
    /// <returns>The agent's keys, proven; or <see cref="RefusalCode.EnrolmentProof"/>, <see cref="RefusalCode.EnrolmentClock"/>.</returns>
    public static Checked<AgentKeys> Check(EnrolmentRequest request, EnrolmentToken token, DateTimeOffset now)
    {
        if (!EnrolmentProof.Statement.Verify(request.Proof, [request.SigningKey]).TryGet(out var verified, out var refusal))
            return refusal with { Code = RefusalCode.EnrolmentProof };
        var proof = verified.Value;
        if (proof.TokenHash != token.Hash || proof.Cluster != token.Cluster)
            return Unproven("the proof was made for another token.");
        if ((proof.SigningKey, proof.SealingKey, proof.ClusterUid, proof.Time, proof.Nonce)
            != (request.SigningKey, request.SealingKey, request.ClusterUid, request.Time, request.Nonce))
            return Unproven("the proof and the request differ in keys, clusterUid, time or nonce.");
        if ((proof.Time - now).Duration() > AgentApi.ClockSkew)
            return new Refusal(RefusalCode.EnrolmentClock,
                $"The agent's clock says {UtcSeconds.Format(proof.Time)}, the Hub's {UtcSeconds.Format(now)}. Set the clocks of the cluster's nodes right (NTP) and join again; the token was not used up.");
        if (!AgentKeys.Verify(request.AgentKeys, token.Cluster, request.SigningKey.Thumbprint).TryGet(out var keys, out refusal))
            return refusal with { Code = RefusalCode.EnrolmentProof };
        return keys.Sealing == request.SealingKey ? keys : Unproven("agentKeys names another sealing key.");
    }

    private static Refusal Unproven(string what) =>
        new(RefusalCode.EnrolmentProof, $"The request does not prove that its sender holds the key: {what} Let the agent make a fresh request.");
}
