using System.Text.Json;

namespace CodeZero.Hub.Client;

/// <summary>Installs and approvals on a cluster, which is named by its name or its id.</summary>
public sealed class InstallsApi
{
    private readonly HubTransport _hub;

    internal InstallsApi(HubTransport hub) => _hub = hub;

    public Task<Install> CreateAsync(string org, string cluster, NewInstall install, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs"), install, WireJson.Default.NewInstall, WireJson.Default.Install, ct);

    public IAsyncEnumerable<Install> ListAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs"), WireJson.Default.PageInstall, ct);

    /// <summary>Those that the cluster no longer has, the oldest first.</summary>
    /// <param name="ns">Null for those of every namespace.</param>
    /// <param name="name">Null for those of every name.</param>
    public IAsyncEnumerable<Install> FinishedAsync(string org, string cluster, string? ns = null, string? name = null, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs") + "?finished=true"
            + (ns is null ? "" : "&namespace=" + Uri.EscapeDataString(ns)) + (name is null ? "" : "&name=" + Uri.EscapeDataString(name)), WireJson.Default.PageInstall, ct);

    /// <summary>An install, also when it is gone, with the ETag that changing it asks for.</summary>
    public Task<Tagged<Install>> GetAsync(string org, string cluster, Guid install, CancellationToken ct = default) =>
        _hub.GetTaggedAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs/{install}"), WireJson.Default.Install, ct);

    /// <summary>Changes what is wanted. Another version, edition or inputs change the digest, which voids the approvals; pausing does not.</summary>
    /// <param name="etag">Of the install as it was when this was decided; when it has changed since, the Hub refuses.</param>
    public Task<Tagged<Install>> ChangeAsync(string org, string cluster, Guid install, InstallChange change, string etag, CancellationToken ct = default) =>
        _hub.SendAsync(HttpMethod.Patch, Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs/{install}"), WireJson.Default.Install,
            HubTransport.Json(change, WireJson.Default.InstallChange), etag, ct);

    /// <summary>Asks for the removal; in mode <c>approved</c> it needs an approval of the new digest.</summary>
    public async Task<Install> RemoveAsync(string org, string cluster, Guid install, CancellationToken ct = default) =>
        (await _hub.SendAsync(HttpMethod.Delete, Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs/{install}"), WireJson.Default.Install, null, null, ct)).Value;

    /// <summary>Hands in an approval of an install's current digest.</summary>
    /// <param name="envelope">The DSSE envelope, signed by an approver key.</param>
    public Task<Approval> ApproveAsync(string org, string cluster, Guid install, JsonElement envelope, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/approvals"), new NewApproval(install, envelope),
            WireJson.Default.NewApproval, WireJson.Default.Approval, ct);

    public IAsyncEnumerable<Approval> ApprovalsAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/approvals"), WireJson.Default.PageApproval, ct);
}
