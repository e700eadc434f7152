namespace CodeZero.Hub.Client;

/// <summary>Clusters and their enrolment. A cluster is named by its name or its id.</summary>
public sealed class ClustersApi
{
    private readonly HubTransport _hub;

    internal ClustersApi(HubTransport hub) => _hub = hub;

    public Task<Cluster> CreateAsync(string org, string name, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/clusters"), new NewCluster(name), WireJson.Default.NewCluster, WireJson.Default.Cluster, ct);

    public IAsyncEnumerable<Cluster> ListAsync(string org, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters"), WireJson.Default.PageCluster, ct);

    public Task<Cluster> GetAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.GetAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}"), WireJson.Default.Cluster, ct);

    public Task DeleteAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}"), ct);

    /// <summary>A one-time right to join; its token is in this answer only.</summary>
    /// <param name="life">1 to 60 minutes; null for the Hub's default of 30.</param>
    public Task<Enrolment> EnrolAsync(string org, string cluster, TimeSpan? life = null, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/enrolments"), new NewEnrolment((int?)life?.TotalMinutes),
            WireJson.Default.NewEnrolment, WireJson.Default.Enrolment, ct);

    /// <summary>Enrolments, the newest first.</summary>
    public IAsyncEnumerable<EnrolmentState> EnrolmentsAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/enrolments"), WireJson.Default.PageEnrolmentState, ct);

    /// <summary>Makes the pending agent with exactly this thumbprint the cluster's agent.</summary>
    public Task<Cluster> AcceptAsync(string org, string cluster, string thumbprint, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/agent/acceptance"), new AgentAcceptance(thumbprint),
            WireJson.Default.AgentAcceptance, WireJson.Default.Cluster, ct);

    /// <summary>What the agent reported, the newest first; the Hub keeps only the last.</summary>
    public IAsyncEnumerable<Report> ReportsAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/reports"), WireJson.Default.PageReport, ct);

    /// <summary>Every state the Hub signed for the cluster, the newest first.</summary>
    public IAsyncEnumerable<Revision> RevisionsAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/revisions"), WireJson.Default.PageRevision, ct);

    /// <summary>The agent's signed word about every state it got, the oldest first. Check the chain yourself: the Hub does not.</summary>
    public IAsyncEnumerable<Receipt> ReceiptsAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/receipts"), WireJson.Default.PageReceipt, ct);

    /// <summary>Revokes the cluster's agent. What runs in the cluster goes on running.</summary>
    public Task RevokeAsync(string org, string cluster, CancellationToken ct = default) =>
        _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/clusters/{cluster}/agent"), ct);
}
