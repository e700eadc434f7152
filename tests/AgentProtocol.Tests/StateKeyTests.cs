using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class StateKeyTests
{
    private readonly Sample _sample = new();
    private readonly EcPrivateKey _second = EcPrivateKey.Generate();
    private readonly EcPrivateKey _third = EcPrivateKey.Generate();

    [Fact]
    public void A_chain_of_successions_is_followed_in_any_order_once_each_is_due()
    {
        DsseEnvelope[] successions = [Succession(_second, _third, Sample.Now.AddDays(1)), Succession(_sample.HubKey, _second, Sample.Now)];
        Assert.Equal([_sample.HubKey.PublicKey, _second.PublicKey], Trusted(successions, Sample.Now));
        Assert.Equal([_sample.HubKey.PublicKey, _second.PublicKey, _third.PublicKey], Trusted(successions, Sample.Now.AddDays(1)));
        Assert.Equal([_sample.HubKey.PublicKey], Trusted(successions, Sample.Now.AddSeconds(-1)));
    }

    [Fact]
    public void A_state_by_the_successor_is_accepted()
    {
        var keys = Trusted([Succession(_sample.HubKey, _second, Sample.Now)], Sample.Now);
        Assert.True(StateVerifier.Verify(_sample.State().Sign(_second).ToJson(), keys, _sample.Identity, null, Sample.Now).Accepted);
    }

    [Fact]
    public void Nobody_vouches_for_oneself_or_in_anothers_name()
    {
        var stranger = _sample.Stranger.PublicKey;
        Assert.Equal(_sample.HubKeys, Trusted([Succession(_sample.Stranger, _second, Sample.Now)], Sample.Now));
        Assert.Throws<ArgumentException>(() => new StateKeySuccession(stranger, Sample.Now, stranger.Thumbprint).Sign(_sample.Stranger));
        Assert.Throws<ArgumentException>(() => new StateKeySuccession(stranger, Sample.Now, _sample.HubKey.PublicKey.Thumbprint).Sign(_sample.Stranger));

        var payload = CanonicalJson.Canonicalize(Sample.Utf8($$"""{"key":{{stranger}},"notBefore":"2026-01-01T00:00:00Z","issuer":"{{_sample.HubKey.PublicKey.Thumbprint}}"}"""));
        var forged = Dsse.Sign(StateKeySuccession.PayloadType, payload, _sample.Stranger);
        Assert.Equal(RefusalCode.StateKey, StateKeyChain.Verify(forged, _sample.HubKeys).Refusal?.Code);
        Assert.Equal(RefusalCode.StateKey, StateKeyChain.Verify(forged, [.. _sample.HubKeys, stranger]).Refusal?.Code);
    }

    [Fact]
    public void An_approver_cannot_name_a_Hub_key()
    {
        var root = _sample.Root(TrustMode.Approved);
        Assert.Equal(_sample.HubKeys, StateKeyChain.Trusted(root, [Succession(_sample.Alice, _second, Sample.Now)], Sample.Now));
    }

    [Fact]
    public void The_set_survives_the_wire()
    {
        var set = new StateKeySet([Succession(_sample.HubKey, _second, Sample.Now)]);
        Assert.Equal(set.ToJson(), StateKeySet.Parse(set.ToJson()).Value.ToJson());
        Assert.False(StateKeySet.Parse("""{"successions":[null]}"""u8).Accepted);
    }

    private static DsseEnvelope Succession(EcPrivateKey from, EcPrivateKey to, DateTimeOffset notBefore) =>
        new StateKeySuccession(to.PublicKey, notBefore, from.PublicKey.Thumbprint).Sign(from);

    private IReadOnlyCollection<EcPublicKey> Trusted(DsseEnvelope[] successions, DateTimeOffset now) => StateKeyChain.Trusted(_sample.Root(), successions, now);
}
