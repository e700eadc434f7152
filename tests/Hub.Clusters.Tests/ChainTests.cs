using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Domain;

namespace CodeZero.Hub.Clusters.Tests;

/// <summary>The chain for every stage of an install's life: six letters, one a link: D done, W waiting, R refused, - not required.</summary>
public sealed class ChainTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Published = Noon.AddDays(-10);

    private static readonly Dictionary<string, (string Links, string? Code, Func<Story, ChainFacts> Tell)> s_stages = new()
    {
        ["requested, no agent"] = ("DWWWWW", Chain.NoAgent, story => story.Facts(accepted: false)),
        ["requested, agent there"] = ("DWWWWW", null, story => story.Facts()),
        ["requested, agent late"] = ("DWWWWW", Chain.Disconnected, story => story.Facts(late: true)),
        ["approved"] = ("DDWWWW", null, story => story.Facts(approvals: 1)),
        ["approved, no agent"] = ("DDWWWW", Chain.NoAgent, story => story.Facts(approvals: 1, accepted: false)),
        ["state refused"] = ("DDRWWW", RefusalCode.StateExpired, story => story.Facts(approvals: 1, state: RefusalCode.StateExpired)),
        ["state refused, and changed since"] = ("DWWWWW", null, story => story.Served().Changes().Facts(state: RefusalCode.StateExpired)),
        ["handed out"] = ("DWDWWW", null, story => story.Served().Facts()),
        ["handed out, agent late"] = ("DWDWWW", Chain.Disconnected, story => story.Served().Facts(late: true)),
        ["unapproved"] = ("DRDWWW", RefusalCode.InstallUnapproved, story => story.Served().Refuses(RefusalCode.InstallUnapproved).Facts()),
        ["unapproved, as agents tell it"] = ("DRDWWW", RefusalCode.InstallUnapproved, story => story.Served().Says(InstallPhase.Refused, "DU").Refuses(RefusalCode.InstallUnapproved).Facts()),
        ["approved after that"] = ("DDDWWW", null, story => story.Served().Says(InstallPhase.Refused, "DU").Refuses(RefusalCode.InstallUnapproved).Approves().Facts(approvals: 1)),
        ["not enough approvals"] = ("DRDWWW", RefusalCode.InstallUnapproved, story => story.Served().Refuses(RefusalCode.InstallUnapproved).Facts(approvals: 1)),
        ["document altered"] = ("DDRWWW", RefusalCode.BlobDigest, story => story.Served().Refuses(RefusalCode.BlobDigest).Facts(approvals: 1)),
        ["document altered, as agents tell it"] = ("DDRWWW", RefusalCode.BlobDigest, story => story.Served().Says(InstallPhase.Refused, "B").Refuses(RefusalCode.BlobDigest).Facts(approvals: 1)),
        ["publisher unknown"] = ("DDDRWW", RefusalCode.InstallUnsigned, story => story.Served().Refuses(RefusalCode.InstallUnsigned).Facts(approvals: 1)),
        ["provisioner wrong"] = ("DDDRWW", RefusalCode.ProvisionerIntegrity, story => story.Served().Refuses(RefusalCode.ProvisionerIntegrity).Facts(approvals: 1)),
        ["local policy"] = ("DDDDRW", "policy.kind", story => story.Served().Says(InstallPhase.Failed, "DD").Refuses("policy.kind").Facts(approvals: 1)),
        ["conflict"] = ("D-DDRW", RefusalCode.ApplyConflict, story => story.Served().Says(InstallPhase.Progressing, "DD").Refuses(RefusalCode.ApplyConflict).Facts()),
        ["being applied"] = ("D-DDWW", null, story => story.Served().Says(InstallPhase.Progressing, "DDr").Facts()),
        ["applied"] = ("D-DDDW", null, story => story.Served().Says(InstallPhase.Progressing, "DDDr").Facts()),
        ["healthy in mode hub"] = ("D-DDDD", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Facts()),
        ["healthy, approved"] = ("DDDDDD", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Facts(approvals: 2)),
        ["healthy, agent late"] = ("DDDDDD", Chain.Disconnected, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Facts(approvals: 1, late: true)),
        ["degraded"] = ("DDDDDW", null, story => story.Served().Says(InstallPhase.Degraded, "DDDw").Facts(approvals: 1)),
        ["failed"] = ("DDDDDR", "health.deadline", story => story.Served().Says(InstallPhase.Failed, "DDDF").Facts(approvals: 1)),
        ["changed after healthy"] = ("DWWWWW", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Changes().Facts()),
        ["paused before applied"] = ("DDDWWW", Chain.Paused, story => story.Pauses().Served().Facts(approvals: 1)),
        ["paused while healthy"] = ("DDDDDD", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Pauses().Facts(approvals: 1)),
        ["removal asked for"] = ("DWWWW-", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Removes().Facts()),
        ["removal unapproved"] = ("DRDWW-", RefusalCode.InstallUnapproved, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Removes().Served().Refuses(RefusalCode.InstallUnapproved).Facts()),
        ["being removed"] = ("DDDDW-", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Removes().Served().Says(InstallPhase.Removing, "DDr").Facts(approvals: 1)),
        ["gone"] = ("DDDDD-", null, story => story.Served().Says(InstallPhase.Healthy, "DDDD").Removes().Served().Says(InstallPhase.Removed, "").Facts(approvals: 1, late: true)),
        ["withdrawn before anybody had it"] = ("D-----", null, story => story.Removes().Facts()),
    };

    public static TheoryData<string> Stages => [.. s_stages.Keys];

    [Theory]
    [MemberData(nameof(Stages))]
    public void Each_stage_shows_how_far_it_is_and_the_first_broken_link_says_why(string stage)
    {
        var (expected, code, tell) = s_stages[stage];
        var chain = Chain.Of(tell(new Story()));

        Assert.Equal(expected, string.Concat(chain.Select(link => link.State switch { ChainState.Done => 'D', ChainState.Waiting => 'W', ChainState.Refused => 'R', _ => '-' })));
        Assert.Equal(Enum.GetValues<ChainStepName>(), chain.Select(link => link.Step));
        Assert.Equal(code, chain.FirstOrDefault(link => link.Code is not null)?.Code);
        Assert.All(chain.Where(link => link.Code is not null), link => Assert.NotEmpty(link.Detail!));
        Assert.All(chain.Where(link => link.State is ChainState.Done or ChainState.Refused), link => Assert.NotNull(link.At));
    }

    [Fact]
    public void What_waits_for_approval_says_which_digest_and_how()
    {
        var facts = new Story().Facts();
        var detail = Chain.Of(facts)[1].Detail!;
        Assert.Contains(facts.Install.Digest, detail, StringComparison.Ordinal);
        Assert.Contains("czctl approve", detail, StringComparison.Ordinal);
    }

    [Fact]
    public void What_becomes_healthy_says_how_far_it_is_or_what_stands_in_the_way()
    {
        Assert.Contains("1 of 3", Chain.Of(new Story().Served().Says(InstallPhase.Progressing, "DDDr").Facts())[5].Detail, StringComparison.Ordinal);
        Assert.Equal("ImagePullBackOff", Chain.Of(new Story().Served().Says(InstallPhase.Progressing, "DDDr", "ImagePullBackOff").Facts())[5].Detail);
    }

    /// <summary>An install's life, told in verbs.</summary>
    private sealed class Story
    {
        private readonly Cluster _cluster = Cluster.Create(Guid.CreateVersion7(), "prod", Guid.CreateVersion7(), Noon.AddDays(-1));
        private readonly Install _install;
        private InstallReport? _said;

        public Story() => _install = Install.Request(_cluster, Guid.CreateVersion7(), "hello", "default", Content("1.0.0"), Guid.CreateVersion7(), Noon.AddHours(-1));

        internal Story Served()
        {
            _cluster.Advance(_cluster.Serial + 1, _install.Digest);
            _install.Serve(Noon.AddMinutes(-30));
            return this;
        }

        /// <param name="steps">Of fetched, verified, applied, healthy: D done, r running, w waiting, F failed, U failed for want of approvals, B for a bad document.</param>
        internal Story Says(InstallPhase phase, string steps, string? error = null)
        {
            StepReport[] reports = [.. steps.Select((letter, i) => letter switch
            {
                'D' => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Done),
                'r' => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Running),
                'w' => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Waiting),
                'U' => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Failed, RefusalCode.InstallUnapproved, "0 of 1 needed approvals."),
                'B' => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Failed, RefusalCode.BlobDigest, "It was altered."),
                _ => new StepReport((ReportStep)i, Noon.AddMinutes(i - 20), StepState.Failed, "health.deadline", "Not ready within 10 minutes."),
            })];
            _said = new(_install.Id, AppManifest.Digest.Parse(_install.Digest), "1.0.0", phase, reports, [], new(3, 1), error is null ? [] : [error], 0, []);
            return Observe(_said, null);
        }

        internal Story Refuses(string code) => Observe(_said?.Revision.ToString() == _install.Digest ? _said : null, new(code, "Because.", _install.Id));

        internal Story Approves()
        {
            _install.Approve(AppManifest.Digest.Of("approvals"u8).ToString(), _cluster);
            return this;
        }

        internal Story Changes()
        {
            _install.Change(Content("1.1.0"), _cluster);
            return this;
        }

        internal Story Pauses()
        {
            _install.Pause(true, _cluster);
            return this;
        }

        internal Story Removes()
        {
            _install.Remove(_cluster, Noon);
            return this;
        }

        internal ChainFacts Facts(int approvals = 0, bool accepted = true, bool late = false, string? state = null) => new(
            Noon, _install, approvals, approvals == 0 ? null : Noon.AddMinutes(-40), accepted, Noon.AddMinutes(-5), late ? Noon.AddMinutes(-4) : Noon.AddMinutes(1),
            state is null ? null : new(state, "Because.", Noon, Serial: 1));

        private Story Observe(InstallReport? said, ReportedRefusal? refusal)
        {
            var report = new AgentReport(_cluster.Id, "0.1.0", "v1.32.0", [], _cluster.Serial, AppManifest.Digest.Parse(_install.Digest), Noon.AddMinutes(-10), [], []);
            _install.Observe(_cluster, report, said, refusal, mayReturn: true, Noon);
            return this;
        }

        private static InstallContent Content(string version) =>
            new("acme", "hello", "stable", version, Published, AppManifest.Digest.Of(System.Text.Encoding.UTF8.GetBytes(version)).ToString(), new("@provisioner/appengine", "builtin", null), null);
    }
}
