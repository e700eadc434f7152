using System.Buffers.Text;
using System.Text;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class SealedInputsTests
{
    private readonly Sample _sample = new();
    private readonly EcPrivateKey _key = EcPrivateKey.Generate();
    private static Inputs Answers { get; } = new(new Dictionary<string, string> { ["ADMIN_PASSWORD"] = "hunter2 ✓", ["discourse:username"] = "", ["A"] = "\"\n" });

    [Fact]
    public void Only_the_clusters_key_opens_what_was_sealed_to_it()
    {
        var compact = Seal();
        Assert.Equal(Answers.ToCanonicalJson(), SealedInputs.Open(_key, _sample.Cluster, Sample.Id(1), compact).Value.ToCanonicalJson());
        Refused(SealedInputs.Open(_sample.Stranger, _sample.Cluster, Sample.Id(1), compact));
    }

    [Fact]
    public void Secrets_of_one_install_or_cluster_do_not_open_for_another()
    {
        Refused(SealedInputs.Open(_key, _sample.Cluster, Sample.Id(2), Seal()));
        Refused(SealedInputs.Open(_key, Sample.Id(9), Sample.Id(1), Seal()));
        var relabelled = WithHeader(h => h.Replace(Sample.Id(1).ToString(), Sample.Id(2).ToString(), StringComparison.Ordinal));
        Refused(SealedInputs.Open(_key, _sample.Cluster, Sample.Id(2), relabelled));
    }

    [Fact]
    public void Any_changed_character_is_noticed()
    {
        var compact = Seal();
        for (var i = 0; i < compact.Length; i++)
        {
            var old = compact[i];
            compact[i] = (byte)(old == 'A' ? 'B' : 'A');
            Refused(Open(compact));
            compact[i] = old;
        }
        Assert.True(Open(compact).Accepted);
    }

    [Theory]
    [InlineData("\"alg\":\"ECDH-ES+A256KW\"", "\"alg\":\"ECDH-ES\"")]
    [InlineData("\"alg\":\"ECDH-ES+A256KW\"", "\"alg\":\"dir\"")]
    [InlineData("\"alg\":\"ECDH-ES+A256KW\"", "\"alg\":\"none\"")]
    [InlineData("\"enc\":\"A256GCM\"", "\"enc\":\"A128GCM\"")]
    [InlineData("\"enc\":\"A256GCM\"", "\"enc\":\"A256GCM\",\"zip\":\"DEF\"")]
    [InlineData("\"enc\":\"A256GCM\"", "\"enc\":\"A256GCM\",\"crit\":[\"exp\"]")]
    [InlineData("\"enc\":\"A256GCM\"", "\"enc\":\"A256GCM\",\"enc\":\"A256GCM\"")]
    [InlineData("\"enc\":\"A256GCM\"", "\"enc\":\"A256GCM\",\"apu\":\"QQ\"")]
    [InlineData("\"kty\":\"EC\"", "\"kty\":\"OKP\"")]
    public void The_header_is_exactly_what_the_protocol_says(string part, string other)
    {
        var refusal = Open(WithHeader(h => h.Replace(part, other, StringComparison.Ordinal))).Refusal!;
        Assert.Equal(RefusalCode.InputsSealed, refusal.Code);
        Assert.Contains("header must be", refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ephemeral_key_off_the_curve_is_refused_before_it_is_used()
    {
        var zero = Base64Url.EncodeToString(new byte[32]);
        var compact = WithHeader(h =>
        {
            var at = h.IndexOf("\"x\":\"", StringComparison.Ordinal) + 5;
            return h[..at] + zero + h[(at + 43)..];
        });
        Assert.Contains("header must be", Open(compact).Refusal!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("....")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e.f")]
    [InlineData("é.é.é.é.é")]
    public void What_is_no_JWE_is_refused(string text) => Refused(Open(Sample.Utf8(text)));

    [Fact]
    public void The_largest_inputs_that_can_be_sealed_can_be_opened()
    {
        var empty = new Inputs(new Dictionary<string, string> { ["A"] = "" }).ToCanonicalJson().Length;
        var largest = new Inputs(new Dictionary<string, string> { ["A"] = new('a', Inputs.MaxBytes - empty) });
        var compact = SealedInputs.Seal(_key.PublicKey, _sample.Cluster, Sample.Id(1), largest);
        Assert.True(compact.Length <= SealedInputs.MaxBytes);
        Assert.True(Open(compact).Accepted);
        Assert.Throws<ArgumentException>(() => new Inputs(new Dictionary<string, string> { ["A"] = new('a', Inputs.MaxBytes - empty + 1) }).ToCanonicalJson());
        Refused(Open(new byte[SealedInputs.MaxBytes + 1]));
    }

    [Fact]
    public void No_refusal_and_no_text_form_repeats_an_answer()
    {
        Assert.DoesNotContain("hunter2", Answers.ToString(), StringComparison.Ordinal);
        Assert.False(Inputs.Parse("""{"answers":{"A":1}}"""u8).Accepted);
        Assert.False(Inputs.Parse("""{"answers":{"A":null}}"""u8).Accepted);
        Assert.False(Inputs.Parse("""{"answers":{"A":"1","A":"2"}}"""u8).Accepted);
        Assert.False(Inputs.Parse("""{"answers":{"a b":""}}"""u8).Accepted);
        Assert.False(Inputs.Parse("""{"answers": {}}"""u8).Accepted);
    }

    private byte[] Seal() => SealedInputs.Seal(_key.PublicKey, _sample.Cluster, Sample.Id(1), Answers);

    private Checked<Inputs> Open(byte[] compact) => SealedInputs.Open(_key, _sample.Cluster, Sample.Id(1), compact);

    private byte[] WithHeader(Func<string, string> change)
    {
        var parts = Encoding.ASCII.GetString(Seal()).Split('.');
        var header = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0]));
        var changed = change(header);
        Assert.NotEqual(header, changed);
        return Encoding.ASCII.GetBytes(string.Join('.', [Base64Url.EncodeToString(Encoding.UTF8.GetBytes(changed)), .. parts[1..]]));
    }

    private static void Refused(Checked<Inputs> inputs) => Assert.Equal(RefusalCode.InputsSealed, inputs.Refusal?.Code);
}
