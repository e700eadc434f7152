using System.Text.Json.Nodes;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>The rows of the protocol's table of checks (§5) that concern the state as a whole, one test per row.</summary>
public sealed class StateVerifierTests
{
    private readonly Sample _sample = new();

    [Fact]
    public void A_state_by_a_trusted_key_for_this_cluster_is_accepted()
    {
        var state = _sample.State(Sample.Install(1), Sample.Install(2) with { Removed = true });
        var accepted = Verify(_sample.Signed(state)).Value;
        Assert.Equal(state.ToCanonicalJson(), accepted.State.ToCanonicalJson());
        Assert.Equal(state.ToDigest(), accepted.Digest);
        Assert.Empty(accepted.Warnings);
    }

    [Fact]
    public void A_state_by_an_untrusted_key_is_refused()
    {
        var envelope = _sample.State().Sign(_sample.Stranger);
        Refused(RefusalCode.StateSignature, Verify(envelope.ToJson()));
        var renamed = envelope with { Signatures = [envelope.Signatures[0] with { Keyid = _sample.HubKey.PublicKey.Thumbprint }] };
        Refused(RefusalCode.StateSignature, Verify(renamed.ToJson()));
    }

    [Fact]
    public void A_state_altered_after_signing_is_refused()
    {
        var envelope = _sample.State(Sample.Install()).Sign(_sample.HubKey);
        var other = (_sample.State(Sample.Install()) with { Serial = 8 }).Sign(_sample.HubKey);
        Refused(RefusalCode.StateSignature, Verify((envelope with { Payload = other.Payload }).ToJson()));
        Refused(RefusalCode.StateSignature, Verify((envelope with { PayloadType = "application/vnd.codezero.state.v2+json" }).ToJson()));
        Refused(RefusalCode.StateSignature, Verify((envelope with { Signatures = other.Signatures }).ToJson()));
    }

    [Fact]
    public void Another_kind_of_statement_by_the_Hub_is_no_state()
    {
        Refused(RefusalCode.StateType, Verify(Dsse.Sign(Approval.PayloadType, _sample.State().ToCanonicalJson(), _sample.HubKey).ToJson()));
        Refused(RefusalCode.StateType, Verify(Dsse.Sign("application/vnd.codezero.state.v2+json", _sample.State().ToCanonicalJson(), _sample.HubKey).ToJson()));
    }

    [Fact]
    public void A_schema_this_agent_does_not_know_is_refused_even_when_signed()
    {
        var json = JsonNode.Parse(_sample.State(Sample.Install()).ToCanonicalJson())!;
        json["installs"]![0]!["privileged"] = true;
        Refused(RefusalCode.StateType, Verify(Dsse.Sign(DesiredState.PayloadType, CanonicalJson.Serialize(json), _sample.HubKey).ToJson()));
    }

    [Fact]
    public void Another_clusters_state_is_refused()
    {
        Refused(RefusalCode.StateWrongCluster, Verify(_sample.Signed(_sample.State() with { Cluster = Sample.Id(9) })));
        Refused(RefusalCode.StateWrongCluster, Verify(_sample.Signed(_sample.State() with { Organization = Sample.Id(9) })));
    }

    [Fact]
    public void An_older_serial_is_refused() =>
        Refused(RefusalCode.StateRollback, Verify(_sample.Signed(_sample.State()), new(8, Digest.Of("x"u8))));

    [Fact]
    public void The_accepted_serial_is_accepted_again_only_with_the_same_content()
    {
        var state = _sample.State();
        Assert.Empty(Verify(_sample.Signed(state), new(7, state.ToDigest())).Value.Warnings);
        Refused(RefusalCode.StateRollback, Verify(_sample.Signed(state), new(7, Digest.Of("x"u8))));
    }

    [Fact]
    public void A_state_that_follows_the_accepted_one_has_no_gap()
    {
        var last = new LastAccepted(6, Digest.Of("six"u8));
        Assert.Empty(Verify(_sample.Signed(_sample.State() with { Previous = last.Digest }), last).Value.Warnings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_gap_is_accepted_and_reported(bool namesAnother)
    {
        var state = _sample.State() with { Previous = namesAnother ? Digest.Of("other"u8) : null };
        var warning = Assert.Single(Verify(_sample.Signed(state), new(5, Digest.Of("five"u8))).Value.Warnings);
        Assert.Equal(RefusalCode.StateGap, warning.Code);
    }

    [Fact]
    public void An_expired_state_is_refused_from_the_second_it_expires()
    {
        var state = _sample.Signed(_sample.State());
        Assert.True(Verify(state, now: Sample.Now + DesiredState.Life - TimeSpan.FromSeconds(1)).Accepted);
        Refused(RefusalCode.StateExpired, Verify(state, now: Sample.Now + DesiredState.Life));
    }

    [Fact]
    public void A_state_cannot_be_issued_ahead_to_live_longer()
    {
        var state = _sample.State();
        Refused(RefusalCode.StateClock, Verify(_sample.Signed(state with { IssuedAt = Sample.Now.AddMinutes(6) })));
        Assert.Throws<ArgumentException>(() => (state with { ExpiresAt = Sample.Now + DesiredState.Life + TimeSpan.FromSeconds(1) }).ToCanonicalJson());
    }

    [Fact]
    public void A_state_past_4_MiB_is_refused_before_it_is_read() =>
        Refused(RefusalCode.StateSize, Verify(new byte[DsseEnvelope.MaxBytes + 1]));

    [Fact]
    public void The_first_check_that_fails_names_the_refusal()
    {
        var everything = _sample.State() with { Cluster = Sample.Id(9), Serial = 1, IssuedAt = Sample.Now.AddDays(-30), ExpiresAt = Sample.Now.AddDays(-29) };
        var last = new LastAccepted(5, Digest.Of("five"u8));
        Refused(RefusalCode.StateSignature, Verify(everything.Sign(_sample.Stranger).ToJson(), last));
        Refused(RefusalCode.StateWrongCluster, Verify(_sample.Signed(everything), last));
        Refused(RefusalCode.StateRollback, Verify(_sample.Signed(everything with { Cluster = _sample.Cluster }), last));
        Refused(RefusalCode.StateExpired, Verify(_sample.Signed(everything with { Cluster = _sample.Cluster, Serial = 6 }), last));
    }

    [Fact]
    public void The_last_good_state_stays_good_when_the_Hub_is_gone_for_weeks()
    {
        var later = Sample.Now.AddDays(60);
        var accepted = StateVerifier.VerifyLastGood(_sample.Signed(_sample.State()), _sample.HubKeys, _sample.Identity, later).Value;
        Assert.Equal(RefusalCode.StateExpired, Assert.Single(accepted.Warnings).Code);
        Refused(RefusalCode.StateSignature, StateVerifier.VerifyLastGood(_sample.State().Sign(_sample.Stranger).ToJson(), _sample.HubKeys, _sample.Identity, later));
        Refused(RefusalCode.StateWrongCluster, StateVerifier.VerifyLastGood(_sample.Signed(_sample.State() with { Cluster = Sample.Id(9) }), _sample.HubKeys, _sample.Identity, later));
    }

    private Checked<AcceptedState> Verify(byte[] envelope, LastAccepted? last = null, DateTimeOffset? now = null) =>
        StateVerifier.Verify(envelope, _sample.HubKeys, _sample.Identity, last, now ?? Sample.Now);

    private static void Refused(string code, Checked<AcceptedState> state) => Assert.Equal(code, state.Refusal?.Code);
}
