using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class ApprovalTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task An_approval_travels_to_the_cluster_which_can_check_it_without_the_hub()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        Assert.Equal("waiting", install.Step("approved").Text("state"));

        var stored = await cluster.HandInAsync(install.Id(), cluster.Approve(install)).JsonAsync(201);

        Assert.Equal((cluster.Approver.PublicKey.Thumbprint, "ada@example.com"), (stored.Text("thumbprint"), stored.Text("approver")));
        var approved = await cluster.GetAsync(install.Id());
        Assert.Equal(("done", install.Text("digest")), (approved.Step("approved").Text("state"), approved.Text("digest")));
        Assert.Equal(cluster.Approver.PublicKey.Thumbprint, Assert.Single(approved.GetProperty("approvals").EnumerateArray()).Text("thumbprint"));
        Assert.True((await VerifyAsync(cluster)).Accepted);
    }

    [Fact]
    public async Task Every_approver_counts_once_and_the_same_approval_twice_is_one()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var second = EcPrivateKey.Generate();
        var (mine, theirs) = (cluster.Approve(install), cluster.Approve(install, key: second));
        await cluster.HandInAsync(install.Id(), mine).JsonAsync(201);
        await cluster.HandInAsync(install.Id(), mine).JsonAsync(200);
        await cluster.HandInAsync(install.Id(), theirs).JsonAsync(201);

        Assert.Equal(2, (await cluster.GetAsync(install.Id())).GetProperty("approvals").GetArrayLength());
        Assert.True((await VerifyAsync(cluster, threshold: 2, second)).Accepted);
        Assert.Equal(4, (await cluster.Agent.FetchStateAsync()).State.Serial);
    }

    [Fact]
    public async Task A_change_voids_approvals_and_one_of_the_old_digest_is_refused_with_both()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.HandInAsync(install.Id(), cluster.Approve(install)).JsonAsync(201);
        await cluster.Organization.PublishAsync("hello", "1.1.0");

        var changed = await cluster.PatchAsync(install.Id(), new { version = "1.1.0" }, await cluster.ETagAsync(install.Id())).JsonAsync();

        Assert.Empty(changed.GetProperty("approvals").EnumerateArray());
        Assert.Equal("waiting", changed.Step("approved").Text("state"));
        Assert.Null(Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs).Approval);
        var problem = await cluster.HandInAsync(install.Id(), cluster.Approve(install)).RefusedAsync(HttpStatusCode.Conflict, "approval.stale_digest");
        Assert.Equal((install.Text("digest"), changed.Text("digest")), (problem.Text("approved"), problem.Text("current")));
        Assert.Equal(RefusalCode.InstallUnapproved, (await VerifyAsync(cluster)).Refusal!.Code);
    }

    [Fact]
    public async Task A_removal_needs_an_approval_of_its_own()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.HandInAsync(install.Id(), cluster.Approve(install)).JsonAsync(201);
        await cluster.Agent.FetchStateAsync();

        var removed = await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);

        Assert.Equal(RefusalCode.InstallUnapproved, (await VerifyAsync(cluster)).Refusal!.Code);
        await cluster.HandInAsync(install.Id(), cluster.Approve(removed)).JsonAsync(201);
        Assert.True((await VerifyAsync(cluster)).Accepted);
    }

    /// <summary>Back at a version it had, an install showed the approval of then as done, and czctl signed no new one; but to its cluster it carried none.</summary>
    [Fact]
    public async Task Going_back_to_what_was_approved_once_needs_an_approval_anew()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var old = cluster.Approve(install);
        await cluster.HandInAsync(install.Id(), old).JsonAsync(201);
        await cluster.Organization.PublishAsync("hello", "2.0.0");
        await cluster.PatchAsync(install.Id(), new { version = "2.0.0" }, await cluster.ETagAsync(install.Id())).JsonAsync();

        var back = await cluster.PatchAsync(install.Id(), new { version = "1.0.0" }, await cluster.ETagAsync(install.Id())).JsonAsync();

        Assert.Equal(install.Text("digest"), back.Text("digest"));
        Assert.Equal(0, back.GetProperty("approvals").GetArrayLength());
        Assert.Equal("waiting", back.GetProperty("chain")[1].Text("state"));
        Assert.Equal(RefusalCode.InstallUnapproved, (await VerifyAsync(cluster)).Refusal!.Code);
        // The old one may be carried again; it is one approval all the same.
        await cluster.HandInAsync(install.Id(), old).JsonAsync(201);
        await cluster.HandInAsync(install.Id(), old).JsonAsync();
        await cluster.HandInAsync(install.Id(), cluster.Approve(back, key: EcPrivateKey.Generate())).JsonAsync(201);
        Assert.Equal(2, (await cluster.GetAsync(install.Id())).GetProperty("approvals").GetArrayLength());
        Assert.True((await VerifyAsync(cluster)).Accepted);
    }

    [Fact]
    public async Task What_is_no_approval_of_this_install_is_refused()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var (install, other) = (await cluster.InstallAsync(), await cluster.InstallAsync("other", "other"));
        var good = cluster.Approve(install);

        await cluster.HandInAsync(other.Id(), good).RefusedAsync(HttpStatusCode.UnprocessableEntity, "approval.other_install");
        await cluster.HandInAsync(Guid.CreateVersion7(), good).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.HandInAsync(install.Id(), good with { PayloadType = DesiredState.PayloadType }).RefusedAsync(HttpStatusCode.UnprocessableEntity, RefusalCode.EnvelopeType);
        await cluster.Client.PostAsync($"{cluster.Path}/approvals", new { install = install.Id(), envelope = new { payload = "x" } }).RefusedAsync(HttpStatusCode.UnprocessableEntity, RefusalCode.EnvelopeFormat);
        await cluster.Client.PostAsync($"{cluster.Path}/approvals", new { install = install.Id() }).RefusedAsync(HttpStatusCode.BadRequest, "validation");
        Assert.Empty((await cluster.Client.GetAsync($"{cluster.Path}/approvals").JsonAsync()).Items());
    }

    [Fact]
    public async Task More_approvals_than_an_agent_reads_are_refused_and_those_there_stay()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        for (var i = 0; i < 32; i++)
            await cluster.HandInAsync(install.Id(), cluster.Approve(install, key: EcPrivateKey.Generate())).JsonAsync(201);

        await cluster.HandInAsync(install.Id(), cluster.Approve(install)).RefusedAsync(HttpStatusCode.UnprocessableEntity, "approval.too_many");

        Assert.Equal(32, (await cluster.GetAsync(install.Id())).GetProperty("approvals").GetArrayLength());
    }

    /// <summary>What the cluster itself would say, in mode approved.</summary>
    private static async Task<Checked<VerifiedInstall>> VerifyAsync(TestCluster cluster, int threshold = 1, params EcPrivateKey[] others)
    {
        var keys = await cluster.StateKeysAsync();
        var root = new TrustRoot(TrustMode.Approved, [.. keys.Select(key => new TrustedKey(key))],
            [.. others.Prepend(cluster.Approver).Select(key => new TrustedKey(key.PublicKey))], threshold: threshold);
        var state = (await cluster.Agent.FetchStateAsync()).State;
        var install = Assert.Single(state.Installs);
        var blobs = new Dictionary<AppManifest.Digest, ReadOnlyMemory<byte>>();
        foreach (var digest in install.Blobs())
        {
            using var response = await cluster.Agent.FetchBlobAsync(digest.ToString());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            blobs[digest] = await response.Content.ReadAsByteArrayAsync();
        }
        return InstallVerifier.Check(state, install, blobs, root, [new ProvisionerPin("@provisioner/appengine", "builtin", null)], cluster.Agent.Now());
    }
}
