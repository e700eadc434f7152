using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class EnrolmentTests
{
    private readonly Sample _sample = new();
    private readonly EcPrivateKey _agent = EcPrivateKey.Generate();
    private readonly EcPrivateKey _sealing = EcPrivateKey.Generate();
    private readonly EnrolmentToken _token;

    public EnrolmentTests() => _token = EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(5));

    [Fact]
    public void A_token_names_its_enrolment_and_survives_its_text()
    {
        var read = EnrolmentToken.Parse(_token.Reveal()).Value;
        Assert.Equal(EnrolmentToken.Length, _token.Reveal().Length);
        Assert.Equal((_sample.Organization, _sample.Cluster, Sample.Id(5)), (read.Organization, read.Cluster, read.Enrolment));
        Assert.Equal(Digest.Of(Sample.Utf8(_token.Reveal())), read.Hash);
        Assert.NotEqual(_token.Hash, EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(5)).Hash);
    }

    [Fact]
    public void A_token_does_not_end_up_in_a_log() =>
        Assert.DoesNotContain(_token.Reveal()[70..100], $"{_token} {EnrolmentToken.Parse(_token.Reveal() + "x").Refusal}", StringComparison.Ordinal);

    [Fact]
    public void A_mistyped_token_is_told_from_an_unknown_one()
    {
        var text = _token.Reveal();
        for (var i = 0; i < text.Length; i++)
        {
            Assert.Equal(RefusalCode.EnrolmentToken, EnrolmentToken.Parse(text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..]).Refusal?.Code);
            Assert.Equal(RefusalCode.EnrolmentToken, EnrolmentToken.Parse(text[..i]).Refusal?.Code);
        }
        Assert.False(EnrolmentToken.Parse(" " + text).Accepted);
        Assert.False(EnrolmentToken.Parse(text + "\n").Accepted);
    }

    [Fact]
    public void A_request_proves_the_keys_it_enrols()
    {
        var keys = EnrolmentVerifier.Check(Sent(Request()), _token, Sample.Now.AddSeconds(30)).Value;
        Assert.Equal((_sample.Cluster, _agent.PublicKey, _sealing.PublicKey), (keys.Cluster, keys.Signing, keys.Sealing));
    }

    [Theory]
    [InlineData(-301, false)]
    [InlineData(-300, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void Clocks_may_differ_by_five_minutes(int seconds, bool accepted)
    {
        var check = EnrolmentVerifier.Check(Sent(Request()), _token, Sample.Now.AddSeconds(seconds));
        Assert.Equal(accepted, check.Accepted);
        if (!accepted)
        {
            Assert.Equal(RefusalCode.EnrolmentClock, check.Refusal!.Code);
            Assert.Contains(Sample.Now.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture), check.Refusal.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_request_that_was_altered_or_made_for_another_token_proves_nothing()
    {
        var request = Request();
        var stranger = EnrolmentRequest.Create(_token, _sample.Stranger, _sealing.PublicKey, "uid", "1", "1", "k3s", Sample.Now);
        Unproven(request with { SigningKey = _sample.Stranger.PublicKey });
        Unproven(request with { SealingKey = _sample.Stranger.PublicKey });
        Unproven(request with { ClusterUid = "another" });
        Unproven(request with { Time = Sample.Now.AddSeconds(1) });
        Unproven(request with { Nonce = "AAAAAAAAAAAAAAAAAAAAAA" });
        Unproven(request with { Proof = stranger.Proof });
        Unproven(request with { Proof = request.AgentKeys });
        Unproven(request with { AgentKeys = stranger.AgentKeys });
        Unproven(request with { AgentKeys = request.Proof });
        Unproven(request with { AgentKeys = new AgentKeys(_sample.Cluster, _agent.PublicKey, _sample.Stranger.PublicKey).Sign(_agent) });
        var check = EnrolmentVerifier.Check(request, EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(5)), Sample.Now);
        Assert.Equal(RefusalCode.EnrolmentProof, check.Refusal?.Code);

        void Unproven(EnrolmentRequest altered) =>
            Assert.Equal(RefusalCode.EnrolmentProof, EnrolmentVerifier.Check(altered, _token, Sample.Now).Refusal?.Code);
    }

    [Fact]
    public void The_Hub_cannot_put_its_own_sealing_key_in_between()
    {
        var accepted = _agent.PublicKey.Thumbprint;
        var real = new AgentKeys(_sample.Cluster, _agent.PublicKey, _sealing.PublicKey).Sign(_agent);
        Assert.Equal(_sealing.PublicKey, AgentKeys.Verify(real, _sample.Cluster, accepted).Value.Sealing);

        var hubs = new AgentKeys(_sample.Cluster, _sample.HubKey.PublicKey, _sample.Stranger.PublicKey).Sign(_sample.HubKey);
        Refused(AgentKeys.Verify(hubs, _sample.Cluster, accepted));
        var claimed = CanonicalJson.Canonicalize(Sample.Utf8($$"""{"cluster":"{{_sample.Cluster}}","signing":{{_agent.PublicKey}},"sealing":{{_sample.Stranger.PublicKey}}}"""));
        Refused(AgentKeys.Verify(Dsse.Sign(AgentKeys.PayloadType, claimed, _sample.HubKey), _sample.Cluster, accepted));
        Refused(AgentKeys.Verify(real, Sample.Id(9), accepted));
        Refused(AgentKeys.Verify(real with { Payload = "!" }, _sample.Cluster, accepted));

        static void Refused(Checked<AgentKeys> keys) => Assert.Equal(RefusalCode.AgentKeys, keys.Refusal?.Code);
    }

    [Fact]
    public void A_newer_agent_may_say_more_but_nothing_twice()
    {
        var json = System.Text.Encoding.UTF8.GetString(Request().ToJson());
        Assert.True(EnrolmentRequest.Parse(Sample.Utf8("{\"colour\":1," + json[1..])).Accepted);
        Assert.False(EnrolmentRequest.Parse(Sample.Utf8("{\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\"," + json[1..])).Accepted);
        Assert.False(EnrolmentRequest.Parse(Sample.Utf8(json.Replace("\"nonce\"", "\"Nonce\"", StringComparison.Ordinal))).Accepted);
    }

    [Fact]
    public void The_answer_survives_the_wire()
    {
        var answer = new EnrolmentResponse(_sample.Cluster, _sample.Organization, Sample.Id(8), _agent.PublicKey.Thumbprint, EnrolmentStatus.Pending, "https://hub.example.com", _sample.HubKeys);
        var read = EnrolmentResponse.Parse(answer.ToJson()).Value;
        Assert.Equal(answer.ToJson(), read.ToJson());
        Assert.Contains("\"status\":\"pending\"", System.Text.Encoding.UTF8.GetString(answer.ToJson()), StringComparison.Ordinal);
        Assert.False(EnrolmentResponse.Parse(Sample.Utf8(System.Text.Encoding.UTF8.GetString(answer.ToJson()).Replace("\"pending\"", "0", StringComparison.Ordinal))).Accepted);
    }

    private EnrolmentRequest Request() => EnrolmentRequest.Create(_token, _agent, _sealing.PublicKey, "kube-uid", "0.1.0", "v1.32.0", "k3s", Sample.Now.AddMilliseconds(420));

    private static EnrolmentRequest Sent(EnrolmentRequest request) => EnrolmentRequest.Parse(request.ToJson()).Value;
}
