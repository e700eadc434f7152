using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using Npgsql;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class ReceiptTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task Receipts_are_kept_as_signed_and_their_chain_can_be_checked_without_the_hub()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        var first = new Receipt(cluster.Id, state.Serial, state.ToDigest(), Receipt.Accepted, cluster.Agent.Now(), null);
        var second = new Receipt(cluster.Id, null, state.ToDigest(), RefusalCode.StateSignature, cluster.Agent.Now(), first.ToDigest());
        foreach (var receipt in new[] { first, second, second })
            await cluster.Agent.SendReceiptAsync(receipt.Sign(cluster.Agent.Key)).JsonAsync(204);

        var kept = (await cluster.Client.GetAsync($"{cluster.Path}/receipts").JsonAsync()).Items()
            .Select(item => DsseEnvelope.Parse(System.Text.Encoding.UTF8.GetBytes(item.GetProperty("envelope").GetRawText())).Value).ToList();

        Assert.Equal([first, second], ReceiptChain.Verify(kept, cluster.Id, [cluster.Agent.Key.PublicKey], second.ToDigest()).Value);
    }

    [Fact]
    public async Task What_the_agent_key_did_not_sign_about_its_own_cluster_is_refused()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var receipt = new Receipt(cluster.Id, 1, AppManifest.Digest.Of("x"u8), Receipt.Accepted, cluster.Agent.Now(), null);
        await cluster.Agent.SendReceiptAsync(receipt.Sign(EcPrivateKey.Generate())).RefusedAsync(HttpStatusCode.UnprocessableEntity, RefusalCode.EnvelopeSignature);
        await cluster.Agent.SendReceiptAsync((receipt with { Cluster = Guid.CreateVersion7() }).Sign(cluster.Agent.Key)).RefusedAsync(HttpStatusCode.UnprocessableEntity, "receipt.wrong_cluster");
        Assert.Empty((await cluster.Client.GetAsync($"{cluster.Path}/receipts").JsonAsync()).Items());
    }

    [Theory]
    [InlineData("update clusters.receipts set result = 'accepted' where organization_id = $1")]
    [InlineData("delete from clusters.receipts where organization_id = $1")]
    public async Task Not_even_a_superuser_changes_a_receipt_by_mistake(string sql)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.SendReceiptAsync(new Receipt(cluster.Id, 1, AppManifest.Digest.Of("x"u8), "state.gap", cluster.Agent.Now(), null).Sign(cluster.Agent.Key)).JsonAsync(204);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => hub.SqlAsync(sql, cluster.Organization.Id));

        Assert.Equal(PostgresErrorCodes.RestrictViolation, refused.SqlState);
    }
}
