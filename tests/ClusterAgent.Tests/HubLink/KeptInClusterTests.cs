using System.Security.Cryptography;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.HubLink;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Tests.Cluster;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>What the Hub link keeps in the cluster survives the agent: its keys, the last good state, and what was accepted.</summary>
[Collection("cluster")]
public sealed class KeptInClusterTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private TestCluster _cluster = null!;
    private string _namespace = "";

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _namespace = await _cluster.CreateNamespaceAsync();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task A_state_larger_than_a_Secret_comes_back_whole_with_its_documents_and_nothing_of_the_former_one_stays()
    {
        // Random bytes do not get smaller by compression: this needs several Secrets.
        var (large, small) = (State(RandomNumberGenerator.GetBytes(2_000_000), "first"), State("small"u8.ToArray(), "second"));
        await new StateArchive(_cluster.Admin, _namespace).SaveAsync(large, default);
        var archive = new StateArchive(_cluster.Admin, _namespace);
        var read = await archive.LoadAsync(default);
        Assert.True(large.Envelope.Span.SequenceEqual(read.Envelope.Span));
        Assert.Equal(large.Blobs.Keys, read.Blobs.Keys);
        Assert.Equal(large.FetchedAt, read.FetchedAt);

        await archive.SaveAsync(small, default);

        read = await new StateArchive(_cluster.Admin, _namespace).LoadAsync(default);
        Assert.Equal("small"u8.ToArray(), read.Envelope.ToArray());
        Assert.Equal(3, (await ArchivedAsync()).Count);
    }

    [Fact]
    public async Task A_crash_before_the_index_is_written_leaves_the_former_state()
    {
        var former = State("former"u8.ToArray(), "document");
        await new StateArchive(_cluster.Admin, _namespace).SaveAsync(former, default);
        // What a crashed save leaves: a part nobody names.
        var orphan = new KubernetesObject(ResourceKind.Secret, _namespace, "codezero-state-0000-0");
        orphan.Metadata["labels"] = new System.Text.Json.Nodes.JsonObject { ["system.codezero.io/archive"] = "state" };
        orphan.EncodeData([KeyValuePair.Create("content", "half")]);
        await _cluster.Admin.ApplyAsync(orphan, LinkNames.Write, default);

        var archive = new StateArchive(_cluster.Admin, _namespace);
        Assert.Equal("former"u8.ToArray(), (await archive.LoadAsync(default)).Envelope.ToArray());

        await archive.SaveAsync(former, default);
        Assert.DoesNotContain(orphan.Name, await ArchivedAsync());
    }

    [Fact]
    public async Task A_damaged_archive_is_no_state()
    {
        await new StateArchive(_cluster.Admin, _namespace).SaveAsync(State("state"u8.ToArray(), "document"), default);
        var part = (await ArchivedAsync()).Single(name => name.StartsWith("codezero-state-", StringComparison.Ordinal));
        var damaged = new KubernetesObject(ResourceKind.Secret, _namespace, part);
        damaged.EncodeData([KeyValuePair.Create("content", "no gzip")]);
        await _cluster.Admin.ApplyAsync(damaged, LinkNames.Write, default);

        Assert.True((await new StateArchive(_cluster.Admin, _namespace).LoadAsync(default)).Envelope.IsEmpty);
    }

    [Fact]
    public async Task What_was_damaged_is_written_anew_when_it_comes_again()
    {
        // Parts and documents were taken for written because their names were there, and stayed damaged for good.
        var state = State("state"u8.ToArray(), "document");
        await new StateArchive(_cluster.Admin, _namespace).SaveAsync(state, default);
        foreach (var name in (await ArchivedAsync()).Where(name => name != "codezero-state"))
        {
            var other = new KubernetesObject(ResourceKind.Secret, _namespace, name);
            other.EncodeData([KeyValuePair.Create("content", "no gzip")]);
            await _cluster.Admin.ApplyAsync(other, LinkNames.Write, default);
        }
        var archive = new StateArchive(_cluster.Admin, _namespace);
        Assert.Empty((await archive.LoadAsync(default)).Blobs);

        await archive.SaveAsync(state, default);

        var read = await new StateArchive(_cluster.Admin, _namespace).LoadAsync(default);
        Assert.Equal("state"u8.ToArray(), read.Envelope.ToArray());
        Assert.Equal(state.Blobs.Keys, read.Blobs.Keys);
    }

    [Fact]
    public void The_index_of_the_largest_state_fits_a_Secret()
    {
        const int SecretBytes = 1 << 20, Documents = 4 * DesiredState.MaxInstalls;
        var blobs = Enumerable.Range(0, Documents).Select(i => BitConverter.GetBytes(i)).ToDictionary(bytes => Digest.Of(bytes), bytes => (ReadOnlyMemory<byte>)bytes);
        var receipts = Enumerable.Range(0, ReceiptBook.MaxWaiting).Select(_ => (ReadOnlyMemory<byte>)RandomNumberGenerator.GetBytes(1000)).ToList();
        var index = StateArchive.ToIndex(new("state"u8.ToArray(), blobs, blobs.Keys.Take(DesiredState.MaxInstalls).ToDictionary(digest => digest, _ => Now), null, null, receipts), ["part"]);

        Assert.InRange(index.Length, 1, SecretBytes - 1);
    }

    [Fact]
    public async Task The_agents_keys_and_membership_are_found_again()
    {
        var secrets = new AgentSecrets(EcPrivateKey.Generate(), EcPrivateKey.Generate(), null);
        var vault = new AgentVault(_cluster.Admin, _namespace);
        Assert.Null(await vault.ReadAsync(default));
        await vault.SaveAsync(secrets, default);
        Assert.Null((await vault.ReadAsync(default))!.Membership);

        var membership = new Membership(new Uri("https://hub.example/"), Guid.CreateVersion7(), Guid.CreateVersion7(), "https://hub.example");
        await vault.SaveAsync(secrets with { Membership = membership }, default);

        var read = (await new AgentVault(_cluster.Admin, _namespace).ReadAsync(default))!;
        Assert.Equal(membership, read.Membership);
        Assert.Equal((secrets.Signing.PublicKey, secrets.Sealing.PublicKey), (read.Signing.PublicKey, read.Sealing.PublicKey));
    }

    [Fact]
    public async Task Damaged_keys_stop_the_link_instead_of_being_replaced()
    {
        var secret = new KubernetesObject(ResourceKind.Secret, _namespace, AgentVault.SecretName);
        secret.EncodeData([KeyValuePair.Create("signing.pem", "gone")]);
        await _cluster.Admin.ApplyAsync(secret, LinkNames.Write, default);

        await Assert.ThrowsAsync<InvalidDataException>(() => new AgentVault(_cluster.Admin, _namespace).ReadAsync(default));
    }

    [Fact]
    public async Task What_was_approved_is_remembered_at_once_and_as_accepted_only_when_it_is_in_the_cluster()
    {
        var (install, digest) = (Guid.CreateVersion7(), Digest.Of("content"u8));
        var memory = new AcceptedInstalls(_cluster.Admin, _namespace);
        Assert.Null(await memory.FindAsync(install, default));
        await memory.ApproveAsync([Approved(install, digest, Now)], default);
        Assert.Equal(new AcceptedInstall(digest, null, Now), await ReadAsync(install));

        await memory.AcceptAsync([install], Now.AddMinutes(1), default);
        await memory.ApproveAsync([Approved(install, digest, Now.AddDays(1))], default);
        await memory.AcceptAsync([install], Now.AddDays(2), default);
        Assert.Equal(new AcceptedInstall(digest, Now.AddMinutes(1), Now.AddDays(1)), await ReadAsync(install));

        // Other content begins anew, but for the time of the latest approval: that also holds when no approval is needed for a while.
        await memory.ApproveAsync([Approved(install, Digest.Of("other"u8), null)], default);
        Assert.Equal(new AcceptedInstall(Digest.Of("other"u8), null, Now.AddDays(1)), await ReadAsync(install));
    }

    [Fact]
    public async Task What_many_installs_come_to_is_one_write_and_what_could_not_be_written_is_not_remembered()
    {
        var (writes, broken) = (0, true);
        var memory = new AcceptedInstalls(new FaultyApi(_cluster.Admin, _ => broken || writes++ < 0), _namespace);
        var installs = Enumerable.Range(0, 50).Select(_ => Approved(Guid.CreateVersion7(), Digest.Of("content"u8), Now)).ToList();

        await Assert.ThrowsAsync<HttpRequestException>(() => memory.ApproveAsync(installs, default));
        Assert.Null(await memory.FindAsync(installs[0].Install.Id, default));

        broken = false;
        for (var i = 0; i < 2; i++)
        {
            await memory.ApproveAsync(installs, default);
            await memory.AcceptAsync(installs.Select(install => install.Install.Id), Now, default);
        }
        Assert.Equal(2, writes);
        Assert.All(await Task.WhenAll(installs.Select(install => ReadAsync(install.Install.Id))), read => Assert.Equal(Now, read!.AcceptedAt));
    }

    private Task<AcceptedInstall?> ReadAsync(Guid install) => new AcceptedInstalls(_cluster.Admin, _namespace).FindAsync(install, default);

    private static VerifiedInstall Approved(Guid id, Digest digest, DateTimeOffset? approvedAt) => new(
        new(id, "web", "shop", "acme/web", "stable", "1.0.0", digest, new("@provisioner/appengine", "0.1.0", null), null, null, null, false, false, []), digest, default, null,
        approvedAt is { } at ? new Approved([], at) : null);

    private static ArchivedState State(byte[] envelope, string document)
    {
        var blob = System.Text.Encoding.UTF8.GetBytes(document);
        return new(envelope, new Dictionary<Digest, ReadOnlyMemory<byte>> { [Digest.Of(blob)] = blob }, new Dictionary<Digest, DateTimeOffset> { [Digest.Of(blob)] = Now }, null, null, []);
    }

    private async Task<List<string>> ArchivedAsync() =>
        [.. (await _cluster.Admin.ListAsync(ResourceKind.Secret, new(_namespace, "system.codezero.io/archive"), default)).Items.Select(secret => secret.Name).Order(StringComparer.Ordinal)];
}
