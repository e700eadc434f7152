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

    public Task<Install> GetAsync(string org, string cluster, Guid install, CancellationToken ct = default) =>
        _hub.GetAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/installs/{install}"), WireJson.Default.Install, ct);

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
