using System.Text;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

public sealed class ReportTests
{
    private readonly Sample _sample = new();

    [Fact]
    public void A_report_survives_the_wire()
    {
        var report = Report();
        Assert.Equal(report.ToJson(), AgentReport.Parse(report.ToJson()).Value.ToJson());
        Assert.Contains("""{"at":"2026-03-01T12:00:00Z","code":null,"detail":null,"state":"done","step":"fetched"}""", Encoding.UTF8.GetString(report.ToJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_agent_may_report_more()
    {
        var json = JsonNode.Parse(Report().ToJson())!;
        json["colour"] = "blue";
        json["installs"]![0]!["mood"] = 3;
        Assert.True(AgentReport.Parse(Sample.Utf8(json.ToJsonString())).Accepted);
    }

    public static TheoryData<string, Action<JsonNode>> Mistakes => new()
    {
        { "installs[0]", r => r["installs"]![0] = null },
        { "stands twice", r => r["installs"]!.AsArray().Add(r["installs"]![0]!.DeepClone()) },
        { "firstErrors", r => r["installs"]![0]!["firstErrors"] = new JsonArray([.. Enumerable.Repeat(0, 6).Select(_ => JsonValue.Create("x"))]) },
        { "firstErrors", r => r["installs"]![0]!["firstErrors"] = new JsonArray(new string('x', 1001)) },
        { "steps", r => r["installs"]![0]!["steps"]!.AsArray().Add(r["installs"]![0]!["steps"]![0]!.DeepClone()) },
        { "phase", r => r["installs"]![0]!["phase"] = "Healthy" },
        { "phase", r => r["installs"]![0]!["phase"] = 2 },
        { "negative", r => r["installs"]![0]!["drift"] = -1 },
        { "serial", r => r["serial"] = null },
        { "serial", r => r["serial"] = 0 },
        { "serial", r => r["serial"] = 1.5 },
        { "sentAt", r => r["sentAt"] = "2026-03-01T12:00:00+01:00" },
        { "capabilities", r => r["capabilities"] = new JsonArray("") },
        { "cluster", r => r.AsObject().Remove("cluster") },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_report_that_breaks_a_rule_says_where(string where, Action<JsonNode> mistake)
    {
        var json = JsonNode.Parse(Report().ToJson())!;
        mistake(json);
        var refusal = AgentReport.Parse(Sample.Utf8(json.ToJsonString())).Refusal!;
        Assert.Equal(RefusalCode.MessageFormat, refusal.Code);
        Assert.Contains(where, refusal.Reason, StringComparison.Ordinal);
    }

    /// <summary>A cluster with very much to tell told nothing any more: its report was too large each time.</summary>
    [Fact]
    public void A_report_that_is_too_large_is_cut_where_it_is_largest_and_says_so()
    {
        var (words, now) = (new string('ä', 1000), Sample.Now);
        var talkative = new InstallReport(
            Sample.Id(1), Digest.Of("x"u8), new string('9', 128), InstallPhase.Failed,
            [.. Enum.GetValues<ReportStep>().Select(step => new StepReport(step, now, StepState.Failed, new string('c', 64), words))],
            [.. Enumerable.Range(0, 20).Select(i => new ConditionReport(new string('t', 128), ConditionStatus.False, new string('r', 128), words, now))], new(9, 8),
            [.. Enumerable.Repeat(words, 5)], 7, [.. Enumerable.Range(0, 20).Select(_ => new ImageReport(new string('i', 512), Digest.Of("i"u8)))]);
        var whole = Report();
        var (quiet, most) = (whole.Installs[0] with { Id = Sample.Id(0) }, DesiredState.MaxInstalls - 1);
        var report = whole with
        {
            Installs = [quiet, .. Enumerable.Range(1, most).Select(i => talkative with { Id = Sample.Id(i) })],
            Refusals = [.. Enumerable.Range(1, most).Select(i => new ReportedRefusal("policy.privileged", words, Sample.Id(i)))],
        };
        Assert.Throws<ArgumentException>(report.ToJson);

        var cut = AgentReport.Parse(report.CutToFit().ToJson()).Value;

        Assert.Equal(report.Installs.Select(install => (install.Id, install.Phase, install.Objects, install.Drift)), cut.Installs.Select(install => (install.Id, install.Phase, install.Objects, install.Drift)));
        Assert.Equal(quiet.Steps, cut.Installs[0].Steps);
        Assert.All(cut.Installs.Skip(1), install => Assert.StartsWith("report.cut: ", Assert.Single(install.FirstErrors), StringComparison.Ordinal));
        Assert.Equal(report.Refusals.Select(refusal => (refusal.Code, refusal.Install)), cut.Refusals.Select(refusal => (refusal.Code, refusal.Install)));

        // Of one that is hardly too large, only as much as needed.
        var few = report with { Installs = [quiet, .. report.Installs.Skip(1).Take(70)], Refusals = [] };
        Assert.Contains(few.CutToFit().Installs, install => install.Images.Count == 20);
        Assert.Same(whole, whole.CutToFit());
    }

    [Fact]
    public void Receipts_form_a_chain_that_shows_every_gap()
    {
        var agent = EcPrivateKey.Generate();
        var chain = Chain(agent, 4);
        Assert.Equal(4, Verify(chain).Value.Length);
        Assert.Empty(Verify([]).Value);
        Broken(1, [.. chain[1..]]);
        Broken(2, [chain[0], chain[2], chain[3]]);
        Broken(2, [chain[0], chain[2], chain[1], chain[3]]);
        Broken(2, [chain[0], chain[0]]);
        Broken(3, [chain[0], chain[1], chain[2] with { Payload = chain[3].Payload }]);
        Broken(1, Chain(_sample.Stranger, 1));

        var newest = Receipt.Verify(chain[3], agent.PublicKey).Value.Digest;
        Assert.True(ReceiptChain.Verify(chain, _sample.Cluster, [agent.PublicKey], newest).Accepted);
        Assert.False(ReceiptChain.Verify(chain[..3], _sample.Cluster, [agent.PublicKey], newest).Accepted);
        Assert.False(ReceiptChain.Verify(chain, Sample.Id(9), [agent.PublicKey]).Accepted);

        Checked<Receipt[]> Verify(DsseEnvelope[] envelopes) => ReceiptChain.Verify(envelopes, _sample.Cluster, [agent.PublicKey]);

        void Broken(int number, DsseEnvelope[] envelopes)
        {
            var refusal = Verify(envelopes).Refusal!;
            Assert.Equal(RefusalCode.ReceiptChain, refusal.Code);
            Assert.Contains($"at number {number}:", refusal.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_code_has_its_line()
    {
        Assert.All(typeof(RefusalCode).GetFields().Where(f => f.IsLiteral && f.Name != nameof(RefusalCode.PolicyPrefix)), f => Assert.NotNull(RefusalCode.Explain((string)f.GetRawConstantValue()!)));
        Assert.NotNull(RefusalCode.Explain("policy.kind"));
        Assert.Null(RefusalCode.Explain("unheard.of"));
    }

    private DsseEnvelope[] Chain(EcPrivateKey agent, int length)
    {
        var envelopes = new List<DsseEnvelope>();
        Digest? previous = null;
        for (var i = 1; i <= length; i++)
        {
            var receipt = new Receipt(_sample.Cluster, i == 2 ? null : i, Digest.Of([(byte)i]), i == 2 ? RefusalCode.StateSignature : Receipt.Accepted, Sample.Now.AddMinutes(i), previous);
            envelopes.Add(receipt.Sign(agent));
            previous = receipt.ToDigest();
        }
        return [.. envelopes];
    }

    private AgentReport Report() => new(
        _sample.Cluster, "0.1.0", "v1.32.0", ["dry-run"], 7, Digest.Of("state"u8), Sample.Now,
        [
            new InstallReport(
                Sample.Id(1), Digest.Of("install"u8), "1.2.3", InstallPhase.Progressing,
                [new(ReportStep.Fetched, Sample.Now, StepState.Done), new(ReportStep.Applied, Sample.Now, StepState.Failed, RefusalCode.ApplyConflict, "Deployment web/ghost is helm's")],
                [new("Ready", ConditionStatus.False, "ImagePull", "no such image", Sample.Now)], new(5, 3), ["ghost-0: ImagePullBackOff"], 2, [new("ghost:5", null)]),
        ],
        [new(RefusalCode.InstallUnapproved, "0 of 1", Sample.Id(2))]);
}
