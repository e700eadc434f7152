using System.Text;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>The rows of the protocol's table of checks (§5) that concern one install.</summary>
public sealed class InstallVerifierTests
{
    private readonly Sample _sample = new();

    [Fact]
    public void In_mode_hub_an_install_needs_no_approval()
    {
        var verified = Check(Sample.Install(), Sample.Blobs(Sample.Manifest), _sample.Root()).Value;
        Assert.Equal(Sample.Manifest, verified.Manifest.ToArray());
        Assert.Equal(InstallDigest.Of(_sample.Cluster, _sample.Organization, verified.Install), verified.Digest);
    }

    [Fact]
    public void An_install_without_answers_has_none_to_open()
    {
        // An install that asked nothing was refused with inputs.sealed: its absent answers had become an empty document.
        Assert.Null(Check(Sample.Install(), Sample.Blobs(Sample.Manifest), _sample.Root()).Value.SealedInputs);
    }

    [Fact]
    public void A_document_that_was_altered_missing_or_is_too_large_is_refused()
    {
        var install = Sample.Install();
        var name = install.Manifest;
        Refused(RefusalCode.BlobMissing, Check(install, [], _sample.Root()));
        Refused(RefusalCode.BlobDigest, Check(install, new() { [name] = "{}"u8.ToArray() }, _sample.Root()));
        Refused(RefusalCode.BlobSize, Check(install, new() { [name] = new byte[AgentApi.MaxBlobBytes + 1] }, _sample.Root()));
        Assert.Null(InstallVerifier.CheckBlob(Digest.Of(new byte[AgentApi.MaxBlobBytes]), new byte[AgentApi.MaxBlobBytes]));
    }

    [Fact]
    public void In_mode_approved_a_valid_approval_of_exactly_this_content_is_needed()
    {
        var root = _sample.Root(TrustMode.Approved);
        Refused(RefusalCode.InstallUnapproved, Check(Sample.Install(), Sample.Blobs(Sample.Manifest), root));

        var (install, blobs) = Sample.Approved(Sample.Install(), _sample.Approval(Sample.Install()).Sign(_sample.Alice));
        Assert.Equal([_sample.Alice.PublicKey.Thumbprint], Check(install, blobs, root).Value.Approved!.Approvers);
    }

    public static TheoryData<string, Func<DesiredInstall, DesiredInstall>> Changes => new()
    {
        { "name", i => i with { Name = "other" } },
        { "namespace", i => i with { Namespace = "kube-system" } },
        { "app", i => i with { App = "acme/miner" } },
        { "edition", i => i with { Edition = "stable" } },
        { "version", i => i with { Version = "1.2.4" } },
        { "manifest", i => i with { Manifest = Digest.Of("evil"u8) } },
        { "provisioner package", i => i with { Provisioner = i.Provisioner with { Package = "evil" } } },
        { "provisioner version", i => i with { Provisioner = i.Provisioner with { Version = "6.6.6" } } },
        { "provisioner integrity", i => i with { Provisioner = i.Provisioner with { Integrity = "sha512-" + Convert.ToBase64String(new byte[64]) } } },
        { "inputs", i => i with { Inputs = Digest.Of("evil"u8) } },
        { "publisher signature", i => i with { PublisherSignature = Digest.Of("evil"u8) } },
        { "removed", i => i with { Removed = true } },
        { "depends on", i => i with { DependsOn = [Sample.Id(2)] } },
        { "id", i => i with { Id = Sample.Id(3) } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Whatever_changes_what_runs_needs_a_new_approval(string what, Func<DesiredInstall, DesiredInstall> change)
    {
        var approved = Sample.Install();
        var changed = change(approved);
        Assert.NotEqual(InstallDigest.Of(_sample.Cluster, _sample.Organization, approved), InstallDigest.Of(_sample.Cluster, _sample.Organization, changed));
        var set = ApprovalSet.Of([_sample.Approval(approved).Sign(_sample.Alice)]);
        var check = ApprovalVerifier.Check(
            set, changed.Id, InstallDigest.Of(_sample.Cluster, _sample.Organization, changed), _sample.Identity, _sample.Root(TrustMode.Approved), Sample.Now);
        Assert.True(check.Refusal?.Code == RefusalCode.InstallUnapproved, what);
    }

    [Fact]
    public void Pausing_needs_no_approval()
    {
        var (install, blobs) = Sample.Approved(Sample.Install(), _sample.Approval(Sample.Install()).Sign(_sample.Alice));
        Assert.True(Check(install with { Paused = true }, blobs, _sample.Root(TrustMode.Approved)).Accepted);
    }

    [Fact]
    public void A_removal_is_approved_as_such_and_needs_no_manifest()
    {
        var removal = Sample.Install() with { Removed = true };
        var root = _sample.Root(TrustMode.Approved);
        var (unapproved, blobs) = Sample.Approved(removal, _sample.Approval(Sample.Install()).Sign(_sample.Alice));
        Refused(RefusalCode.InstallUnapproved, Check(unapproved, blobs, root));

        var (install, _) = Sample.Approved(removal, _sample.Approval(removal).Sign(_sample.Alice));
        var set = ApprovalSet.Of([_sample.Approval(removal).Sign(_sample.Alice)]).ToCanonicalJson();
        Assert.True(Check(install with { Approval = Digest.Of(set) }, Sample.Blobs(set), root).Value.Install.Removed);
    }

    [Fact]
    public void A_threshold_counts_keys_not_signatures()
    {
        var root = _sample.Root(TrustMode.Approved, threshold: 2);
        var approval = _sample.Approval(Sample.Install());
        var byAlice = approval.Sign(_sample.Alice);

        var (twice, blobs) = Sample.Approved(Sample.Install(), byAlice, approval.Sign(_sample.Alice), byAlice with { Signatures = [byAlice.Signatures[0], byAlice.Signatures[0]] });
        var refusal = Check(twice, blobs, root).Refusal!;
        Assert.Equal(RefusalCode.InstallUnapproved, refusal.Code);
        Assert.StartsWith("1 of 2", refusal.Reason, StringComparison.Ordinal);

        var (both, bothBlobs) = Sample.Approved(Sample.Install(), byAlice, approval.Sign(_sample.Bob));
        Assert.Equal(2, Check(both, bothBlobs, root).Value.Approved!.Approvers.Count);
    }

    [Fact]
    public void Approvals_that_do_not_count_say_why()
    {
        var install = Sample.Install();
        var good = _sample.Approval(install);
        Unapproved("not trusted", good.Sign(_sample.Stranger));
        Unapproved("not trusted", good.Sign(_sample.HubKey));
        Unapproved("another cluster", (good with { Cluster = Sample.Id(9) }).Sign(_sample.Alice));
        Unapproved("another cluster", (good with { Organization = Sample.Id(9) }).Sign(_sample.Alice));
        Unapproved("another install", (good with { Install = Sample.Id(9) }).Sign(_sample.Alice));
        Unapproved("other content", (good with { Digest = Digest.Of("x"u8) }).Sign(_sample.Alice));
        Unapproved("expired", (good with { ApprovedAt = Sample.Now.AddHours(-1), ExpiresAt = Sample.Now }).Sign(_sample.Alice));
        Unapproved("in the future", (good with { ApprovedAt = Sample.Now.AddMinutes(6) }).Sign(_sample.Alice));

        void Unapproved(string why, DsseEnvelope envelope)
        {
            var (named, blobs) = Sample.Approved(install, envelope);
            var refusal = Check(named, blobs, _sample.Root(TrustMode.Approved)).Refusal;
            Assert.Equal(RefusalCode.InstallUnapproved, refusal?.Code);
            Assert.Contains(why, refusal!.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_approval_that_ends_stops_nothing_that_runs()
    {
        var (install, blobs) = Sample.Approved(Sample.Install(), _sample.Approval(Sample.Install()).Sign(_sample.Alice));
        var root = _sample.Root(TrustMode.Approved);
        var first = Check(install, blobs, root).Value;
        var before = new AcceptedInstall(first.Digest, Sample.Now, first.Approved!.ApprovedAt);
        var later = Sample.Now.AddDays(3);
        Refused(RefusalCode.InstallUnapproved, CheckAt(later, null));
        Assert.True(CheckAt(later, before).Accepted);
        Refused(RefusalCode.InstallUnapproved, CheckAt(later, before with { Digest = Digest.Of("other"u8) }));

        Checked<VerifiedInstall> CheckAt(DateTimeOffset now, AcceptedInstall? accepted) =>
            InstallVerifier.Check(_sample.State(install), install, blobs, root, Sample.Provisioners, now, accepted);
    }

    /// <summary>What was approved for a day, and refused by the local policy all that day, came in when the policy was changed a week later.</summary>
    [Fact]
    public void An_approval_that_ends_before_its_content_is_in_the_cluster_brings_nothing_in()
    {
        var root = _sample.Root(TrustMode.Approved, threshold: 2);
        var early = _sample.Approval(Sample.Install());
        var (install, blobs) = Sample.Approved(Sample.Install(), early.Sign(_sample.Alice), (early with { ApprovedAt = Sample.Now.AddHours(1) }).Sign(_sample.Bob));
        var waiting = new AcceptedInstall(early.Digest, null, Sample.Now.AddHours(1));

        // Its own approvals count while they are good, also those that came before the last of them.
        Assert.True(CheckAt(Sample.Now.AddHours(2)).Accepted);
        Refused(RefusalCode.InstallUnapproved, CheckAt(Sample.Now.AddDays(7)));

        Checked<VerifiedInstall> CheckAt(DateTimeOffset now) => InstallVerifier.Check(_sample.State(install), install, blobs, root, Sample.Provisioners, now, waiting);
    }

    [Fact]
    public void The_Hub_cannot_go_back_to_what_was_once_approved()
    {
        var root = _sample.Root(TrustMode.Approved);
        var (old, blobs) = Sample.Approved(Sample.Install(), (_sample.Approval(Sample.Install()) with { ExpiresAt = null }).Sign(_sample.Alice));
        var runs = new AcceptedInstall(Digest.Of("newer"u8), Sample.Now.AddDays(2), Sample.Now.AddDays(2));
        Refused(RefusalCode.InstallUnapproved, InstallVerifier.Check(_sample.State(old), old, blobs, root, Sample.Provisioners, Sample.Now.AddDays(3), runs));

        var (again, anew) = Sample.Approved(Sample.Install(), (_sample.Approval(Sample.Install()) with { ApprovedAt = Sample.Now.AddDays(3), ExpiresAt = null }).Sign(_sample.Alice));
        Assert.True(InstallVerifier.Check(_sample.State(again), again, anew, root, Sample.Provisioners, Sample.Now.AddDays(3), runs).Accepted);
    }

    [Fact]
    public void An_approval_of_an_unknown_kind_does_not_spoil_the_others()
    {
        var known = Encoding.UTF8.GetString(_sample.Approval(Sample.Install()).Sign(_sample.Alice).ToJson());
        var set = Sample.Utf8($$$"""{"approvals":[{"assertion":{"id":"…"}},"?",null,{{{known}}}]}""");
        Assert.True(Check(Sample.Install() with { Approval = Digest.Of(set) }, Sample.Blobs(Sample.Manifest, set), _sample.Root(TrustMode.Approved)).Accepted);
    }

    [Fact]
    public void A_broken_set_of_approvals_is_no_approval()
    {
        foreach (var set in new[] { "", "{}", "null", """{"approvals":[],"approvals":[]}""", """{"approvals":null}""", """{"approvals":[""" + string.Join(',', Enumerable.Repeat("1", 65)) + "]}" })
            Refused(RefusalCode.InstallUnapproved, Check(
                Sample.Install() with { Approval = Digest.Of(Sample.Utf8(set)) }, Sample.Blobs(Sample.Manifest, Sample.Utf8(set)), _sample.Root(TrustMode.Approved)));
    }

    [Fact]
    public void In_mode_published_the_publishers_signature_of_this_very_version_is_needed()
    {
        var root = _sample.Root(TrustMode.Published);
        Refused(RefusalCode.InstallUnsigned, Check(Sample.Install(), Sample.Blobs(Sample.Manifest), root));
        var version = new PublishedVersion("acme/ghost", "1.2.3", Digest.Of(Sample.Manifest));
        Assert.True(CheckSigned(version.Sign(_sample.Publisher)).Accepted);
        Refused(RefusalCode.InstallUnsigned, CheckSigned(version.Sign(_sample.HubKey)));
        Refused(RefusalCode.InstallUnsigned, CheckSigned((version with { Version = "1.2.2" }).Sign(_sample.Publisher)));
        Refused(RefusalCode.InstallUnsigned, CheckSigned((version with { App = "acme/other" }).Sign(_sample.Publisher)));
        Refused(RefusalCode.InstallUnsigned, CheckSigned((version with { Manifest = Digest.Of("x"u8) }).Sign(_sample.Publisher)));

        Checked<VerifiedInstall> CheckSigned(DsseEnvelope envelope)
        {
            var document = envelope.ToJson();
            return Check(Sample.Install() with { PublisherSignature = Digest.Of(document) }, Sample.Blobs(Sample.Manifest, document), root);
        }
    }

    [Fact]
    public void In_mode_published_listed_approvers_are_asked_too()
    {
        var root = new TrustRoot(TrustMode.Published, [new(_sample.HubKey.PublicKey)], [new(_sample.Alice.PublicKey)], [new(_sample.Publisher.PublicKey)]);
        var document = new PublishedVersion("acme/ghost", "1.2.3", Digest.Of(Sample.Manifest)).Sign(_sample.Publisher).ToJson();
        Refused(RefusalCode.InstallUnapproved, Check(Sample.Install() with { PublisherSignature = Digest.Of(document) }, Sample.Blobs(Sample.Manifest, document), root));
    }

    [Fact]
    public void The_provisioner_is_the_pinned_one()
    {
        var pin = new ProvisionerPin("helmengine", "2.0.0", "sha512-" + Convert.ToBase64String(new byte[64]));
        var install = Sample.Install() with { Provisioner = pin };
        Assert.True(Check(install, Sample.Blobs(Sample.Manifest), _sample.Root(), pin).Accepted);
        Refused(RefusalCode.ProvisionerIntegrity, Check(install, Sample.Blobs(Sample.Manifest), _sample.Root(), pin with { Version = "2.0.1" }));
        Refused(RefusalCode.ProvisionerIntegrity, Check(install, Sample.Blobs(Sample.Manifest), _sample.Root(), pin with { Integrity = null }));
        Refused(RefusalCode.ProvisionerIntegrity, Check(install with { Provisioner = pin with { Integrity = null } }, Sample.Blobs(Sample.Manifest), _sample.Root(), pin));
        Assert.True(Check(install with { Provisioner = pin with { Integrity = null } }, Sample.Blobs(Sample.Manifest), _sample.Root(), new ProvisionerPin("helmengine", "9.9.9", null)).Accepted);
    }

    [Fact]
    public void Dependencies_exist_stay_and_run_in_no_circle()
    {
        var (one, two, three) = (Sample.Install(1), Sample.Install(2), Sample.Install(3));
        Assert.True(CheckIn(one with { DependsOn = [two.Id] }, two with { DependsOn = [three.Id] }, three).Accepted);
        Refused(RefusalCode.InstallDependency, CheckIn(one with { DependsOn = [Sample.Id(9)] }));
        Refused(RefusalCode.InstallDependency, CheckIn(one with { DependsOn = [two.Id] }, two with { Removed = true }));
        Refused(RefusalCode.InstallDependency, CheckIn(one with { DependsOn = [one.Id] }));
        Refused(RefusalCode.InstallDependency, CheckIn(one with { DependsOn = [two.Id] }, two with { DependsOn = [three.Id] }, three with { DependsOn = [one.Id] }));

        Checked<VerifiedInstall> CheckIn(DesiredInstall install, params DesiredInstall[] others) =>
            InstallVerifier.Check(_sample.State([install, .. others]), install, Sample.Blobs(Sample.Manifest), _sample.Root(), Sample.Provisioners, Sample.Now);
    }

    private Checked<VerifiedInstall> Check(DesiredInstall install, Dictionary<Digest, ReadOnlyMemory<byte>> blobs, TrustRoot root, params ProvisionerPin[] provisioners) =>
        InstallVerifier.Check(_sample.State(install), install, blobs, root, provisioners.Length == 0 ? Sample.Provisioners : provisioners, Sample.Now);

    private static void Refused(string code, Checked<VerifiedInstall> install) => Assert.Equal(code, install.Refusal?.Code);
}
