using System.Net;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class BlobTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task A_manifest_comes_byte_for_byte_and_may_be_kept_for_ever()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        using var response = await cluster.Agent.FetchBlobAsync(install.Text("manifest"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(install.Text("manifest"), AppManifest.Digest.Of(await response.Content.ReadAsByteArrayAsync()).ToString());
        Assert.Equal($"\"{install.Text("manifest")}\"", response.Headers.ETag!.Tag);
        Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_this_clusters_newest_or_previous_state_names_is_there()
    {
        var organization = await hub.NewOrganizationAsync();
        var (cluster, neighbour, stranger) = (await organization.NewEnrolledClusterAsync(), await organization.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        var install = await cluster.InstallAsync();
        var manifest = install.Text("manifest");
        foreach (var other in new[] { neighbour, stranger })
            await other.Agent.FetchBlobAsync(manifest).RefusedAsync(HttpStatusCode.NotFound, "not_found");

        await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202); // the newest state no longer names it
        Assert.Equal(HttpStatusCode.OK, (await cluster.Agent.FetchBlobAsync(manifest)).StatusCode);
        await cluster.InstallAsync("other", "other"); // nor does the one before
        await cluster.Agent.FetchBlobAsync(manifest).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    public async Task What_is_no_digest_is_refused(string digest)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.FetchBlobAsync(digest).RefusedAsync(HttpStatusCode.BadRequest, "blob.digest");
    }
}
