using System.Text;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>Whatever arrives, a reader answers with a value or a refusal and never throws.</summary>
public sealed class HostileInputTests
{
    private readonly Sample _sample = new();

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{\"installs\":[null]}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"cluster\":\"\\udc00\\ud800\"}")]
    [InlineData("{\"payload\":\"\\ud800\",\"payloadType\":\"a\",\"signatures\":[]}")]
    [InlineData("{\"approvals\":[\"\\ud800\"]}")]
    [InlineData("{\"answers\":{\"\\ud800\":\"\"}}")]
    [InlineData("{\"a\":1e999999999}")]
    [InlineData("\uFEFF{}")]
    [InlineData("{} {}")]
    [InlineData("{/**/}")]
    [InlineData("{\"a\":1,}")]
    public void Odd_JSON_is_refused(string json) => ReadAsEverything(Sample.Utf8(json));

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused()
    {
        ReadAsEverything([0xFF, 0xFE]);
        ReadAsEverything([.. "{\"approvals\":[\""u8, 0xFF, .. "\"]}"u8]);
        ReadAsEverything([.. "{\"approvals\":[{\"payload\":\""u8, 0xC0, 0x80, .. "\"}]}"u8]);
        ReadAsEverything([.. "{\"answers\":{\"A\":\""u8, 0xED, 0xA0, 0x80, .. "\"}}"u8]);
        ReadAsEverything([.. "{\""u8, 0xFF, .. "\":1}"u8]);
    }

    [Fact]
    public void Deep_JSON_is_refused_wherever_it_is_hidden()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        ReadAsEverything(Sample.Utf8(deep));
        ReadAsEverything(Sample.Utf8($$"""{"installs":{{deep}}}"""));
        ReadAsEverything(Sample.Utf8($$"""{"approvals":[{{deep[99_990..100_010]}}]}"""));
        ReadAsEverything(Sample.Utf8($$"""{"unknown":{{deep}}}"""));
    }

    [Fact]
    public void A_duplicate_member_is_refused_at_every_level()
    {
        var state = Encoding.UTF8.GetString(_sample.State(Sample.Install()).ToCanonicalJson());
        foreach (var member in new[] { "\"serial\":7", "\"paused\":false", "\"package\":\"@provisioner/appengine\"", "\"reportSeconds\":60" })
        {
            var twice = state.Replace(member, $"{member},{member}", StringComparison.Ordinal);
            Assert.NotEqual(state, twice);
            Assert.Equal(RefusalCode.MessageFormat, DesiredState.Parse(Sample.Utf8(twice)).Refusal?.Code);
        }
    }

    [Fact]
    public void A_missing_null_or_unknown_member_is_refused()
    {
        var state = Encoding.UTF8.GetString(_sample.State(Sample.Install()).ToCanonicalJson());
        foreach (var (member, other) in new[]
        {
            ("\"serial\":7", "\"serial\":null"), ("\"serial\":7", "\"serial\":\"7\""), ("\"serial\":7", "\"serial\":9007199254740992"), ("\"serial\":7", "\"serial\":0"), ("\"serial\":7", "\"serial\":7.0"),
            ("\"removed\":false,", ""), ("\"paused\":false", "\"paused\":0"), ("\"name\":\"ghost-1\"", "\"name\":null"), ("\"name\":\"ghost-1\"", "\"name\":\"Ghost\""),
            ("\"name\":\"ghost-1\"", "\"name\":\"ghost-1\\n\""), ("\"policy\":{", "\"policy\":{\"x\":1,"), ("\"previous\":null", "\"previous\":\"sha256:00\""), ("\"dependsOn\":[]", "\"dependsOn\":null"),
            ("\"issuedAt\":\"2026-03-01T12:00:00Z\"", "\"issuedAt\":\"2026-03-01T12:00:00.000Z\""), ("\"issuedAt\":\"2026-03-01T12:00:00Z\"", "\"issuedAt\":\"2026-02-30T12:00:00Z\""),
            ("{\"cluster\"", "{ \"cluster\""), ("0195a000-0000-7000-8000-000000000001", "0195A000-0000-7000-8000-000000000001"), ("\"cluster\"", "\"\\u0063luster\""),
        })
        {
            var changed = state.Replace(member, other, StringComparison.Ordinal);
            Assert.NotEqual(state, changed);
            Assert.True(DesiredState.Parse(Sample.Utf8(changed)).Refusal?.Code == RefusalCode.MessageFormat, other);
        }
    }

    [Fact]
    public void A_state_has_limits()
    {
        var installs = Enumerable.Range(1, DesiredState.MaxInstalls).Select(Sample.Install).ToArray();
        Assert.True(StateVerifier.Verify(_sample.Signed(_sample.State(installs)), _sample.HubKeys, _sample.Identity, null, Sample.Now).Accepted);
        Assert.Throws<ArgumentException>(() => _sample.State([.. installs, Sample.Install(9999)]).ToCanonicalJson());
        Assert.Throws<ArgumentException>(() => _sample.State(Sample.Install(1), Sample.Install(1) with { Name = "other" }).ToCanonicalJson());
        Assert.Throws<ArgumentException>(() => _sample.State(Sample.Install(1), Sample.Install(2) with { Name = "ghost-1" }).ToCanonicalJson());
        _sample.State(Sample.Install(1), Sample.Install(2) with { Name = "ghost-1", Removed = true }).ToCanonicalJson();
    }

    [Fact]
    public void A_signed_state_past_4_MiB_is_refused_by_its_size()
    {
        var payload = new byte[DesiredState.MaxBytes + 1];
        payload.AsSpan().Fill((byte)' ');
        var verified = StateVerifier.Verify(Dsse.Sign(DesiredState.PayloadType, payload, _sample.HubKey).ToJson(), _sample.HubKeys, _sample.Identity, null, Sample.Now);
        Assert.Equal(RefusalCode.StateSize, verified.Refusal?.Code);
    }

    [Fact]
    public void A_refusal_carries_no_control_characters_of_the_sender()
    {
        var refusal = DesiredState.Parse("{\"\\u001b[2J\\u202e\":1}"u8).Refusal!;
        Assert.DoesNotContain(refusal.Reason, c => char.IsControl(c) || c == '\u202e');
        Assert.True(DesiredState.Parse(Sample.Utf8($"{{\"{new string('x', 100_000)}\":1}}")).Refusal!.Reason.Length < 500);
    }

    [Fact]
    public void Random_changes_of_valid_messages_never_throw()
    {
        const int Seed = 20260301, Rounds = 4000;
        var random = new Random(Seed);
        var install = Sample.Install();
        byte[][] seeds =
        [
            _sample.State(install).ToCanonicalJson(), _sample.Signed(_sample.State(install)), ApprovalSet.Of([_sample.Approval(install).Sign(_sample.Alice)]).ToCanonicalJson(),
            EnrolmentRequest.Create(EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(1)), _sample.Alice, _sample.Bob.PublicKey, "u", "1", "1", "k3s", Sample.Now).ToJson(),
            new Inputs(new Dictionary<string, string> { ["A"] = "b" }).ToCanonicalJson(), SealedInputs.Seal(_sample.Alice.PublicKey, _sample.Cluster, install.Id, new Inputs(new Dictionary<string, string>())),
            Sample.Utf8(_sample.Alice.PublicKey.ToString()), Sample.Utf8(EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(1)).Reveal()),
        ];
        for (var round = 0; round < Rounds; round++)
        {
            var message = Mutate(seeds[random.Next(seeds.Length)], random);
            var failure = Record.Exception(() => ReadAsEverything(message));
            Assert.True(failure is null, $"seed {Seed}, round {round}: {Convert.ToBase64String(message)}: {failure}");
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = "{}[]\",:\\u0nt-."u8[random.Next(14)]; break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at - 1)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at))); break;
                default: bytes.Insert(at, (byte)random.Next(256)); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Feeds the bytes to every reader there is; what one accepts, it can write again.</summary>
    private void ReadAsEverything(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (DesiredState.Parse(bytes) is { Accepted: true } state)
            Assert.Equal(bytes, state.Value.ToCanonicalJson());
        if (ApprovalSet.Parse(bytes) is { Accepted: true } set)
            ApprovalVerifier.Check(set.Value, Sample.Id(1), Digest.Of("x"u8), _sample.Identity, _sample.Root(TrustMode.Approved), Sample.Now);
        if (EnrolmentRequest.Parse(bytes) is { Accepted: true } request)
            EnrolmentVerifier.Check(request.Value, EnrolmentToken.Create(_sample.Organization, _sample.Cluster, Sample.Id(1)), Sample.Now);
        if (DsseEnvelope.Parse(bytes) is { Accepted: true } envelope)
            AgentKeys.Verify(envelope.Value, _sample.Cluster, _sample.Alice.PublicKey.Thumbprint);
        StateVerifier.Verify(bytes, _sample.HubKeys, _sample.Identity, null, Sample.Now);
        Assert.False(SealedInputs.Open(_sample.Bob, _sample.Cluster, Sample.Id(1), bytes).Accepted);
        _ = (EnrolmentResponse.Parse(bytes), AgentReport.Parse(bytes), StateKeySet.Parse(bytes), Inputs.Parse(bytes), EcPublicKey.Parse(text), EnrolmentToken.Parse(text), EcPrivateKey.FromPem(text));
        TrustRoot.Parse(new Dictionary<string, string> { ["mode"] = "hub", ["stateKeys"] = text });
    }
}
