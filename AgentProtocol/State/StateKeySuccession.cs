using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>The Hub's word, signed by a state key in use, that another state key will follow it. Published 14 days before use.</summary>
/// <param name="Key">The new key.</param>
/// <param name="NotBefore">From when states signed by it are accepted.</param>
/// <param name="Issuer">Thumbprint of the key that signs this.</param>
public sealed record StateKeySuccession(EcPublicKey Key, DateTimeOffset NotBefore, string Issuer)
{
    public const string PayloadType = "application/vnd.codezero.state-key.v1+json";

    internal static readonly Statement<StateKeySuccession> Statement =
        new(PayloadType, new("The state key succession", 4096, WireJson.Strict.StateKeySuccession, Problems));

    /// <exception cref="ArgumentException">The signer is not the <see cref="Issuer"/>.</exception>
    public DsseEnvelope Sign(ISigner issuer) =>
        issuer.PublicKey.Thumbprint == Issuer ? Statement.Sign(this, issuer) : throw new ArgumentException("The succession names another issuer.", nameof(issuer));

    private static IEnumerable<string> Problems(StateKeySuccession succession)
    {
        if (!Rules.IsThumbprint(succession.Issuer))
            yield return "issuer must be a thumbprint.";
        if (succession.Issuer == succession.Key.Thumbprint)
            yield return "a key cannot follow itself.";
    }
}

/// <summary>What the Hub publishes about its state keys.</summary>
/// <param name="Successions">Envelopes of <see cref="StateKeySuccession"/>, oldest first, at most 64.</param>
public sealed record StateKeySet(IReadOnlyList<DsseEnvelope> Successions)
{
    private static readonly WireFormat<StateKeySet> Format = new("The set of state keys", 256 * 1024, WireJson.Additive.StateKeySet, Problems);

    public static Checked<StateKeySet> Parse(ReadOnlySpan<byte> json) => Format.Read(json);

    public byte[] ToJson() => Format.Write(this);

    private static IEnumerable<string> Problems(StateKeySet set)
    {
        if (set.Successions.Count > StateKeyChain.MaxLength)
            yield return $"successions may have {StateKeyChain.MaxLength} entries.";
        if (set.Successions.Any(s => s is null))
            yield return "successions must hold no null.";
    }
}

/// <summary>Which Hub state keys a cluster trusts: those of its trust root, and those that a trusted one vouched for.</summary>
public static class StateKeyChain
{
    public const int MaxLength = 64;

    /// <summary>The keys trusted now. Entries that do not verify, or are not yet valid, add nothing. A key taken out of the trust root takes those it vouched for with it.</summary>
    /// <param name="successions">At most <see cref="MaxLength"/> are looked at, in any order.</param>
    public static IReadOnlyCollection<EcPublicKey> Trusted(TrustRoot root, IEnumerable<DsseEnvelope> successions, DateTimeOffset now)
    {
        var trusted = root.StateKeys.Select(k => k.Key).ToList();
        var rest = successions.Take(MaxLength).ToList();
        while (rest.FirstOrDefault(e => Verify(e, trusted).Accepted) is { } next)
        {
            rest.Remove(next);
            var succession = Verify(next, trusted).Value;
            if (succession.NotBefore <= now && !trusted.Contains(succession.Key))
                trusted.Add(succession.Key);
        }
        return trusted;
    }

    /// <summary>The succession, when it is signed by its issuer and the issuer is trusted.</summary>
    public static Checked<StateKeySuccession> Verify(DsseEnvelope envelope, IReadOnlyCollection<EcPublicKey> trusted)
    {
        if (!StateKeySuccession.Statement.Verify(envelope, trusted).TryGet(out var verified, out var refusal))
            return refusal with { Code = RefusalCode.StateKey };
        return verified.Signers.Contains(verified.Value.Issuer)
            ? verified.Value
            : new Refusal(RefusalCode.StateKey, $"The succession names {verified.Value.Issuer} as issuer, but another key signed it.");
    }
}
