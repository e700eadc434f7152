using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>A service account of a cluster that may act as a client of the organization: whoever has its token, needs no key or secret of the client's.</summary>
internal sealed class Workload : ITenantOwned
{
    private Workload()
    {
    }

    public Workload(Guid organizationId, Guid clientId, Guid id, Guid createdBy, DateTimeOffset createdAt) =>
        (OrganizationId, ClientId, Id, CreatedBy, CreatedAt) = (organizationId, clientId, id, createdBy, createdAt);

    public Guid OrganizationId { get; private set; }
    public Guid ClientId { get; private set; }
    public Guid Id { get; private set; }

    /// <summary>The cluster's issuer, as its tokens name it. Never fetched; many clusters share one name, so that it says nothing without <see cref="Keys"/>.</summary>
    public string Issuer { get; private set; } = "";

    /// <summary><c>system:serviceaccount:&lt;namespace&gt;:&lt;name&gt;</c></summary>
    public string Subject { get; private set; } = "";

    /// <summary>The one audience of its tokens.</summary>
    public string Audience { get; private set; } = "";

    /// <summary>The cluster's public keys: a JWK Set (RFC 7517 §5).</summary>
    public string Keys { get; private set; } = "";

    public DateTimeOffset CreatedAt { get; private set; }
    public Guid CreatedBy { get; private set; }
    public uint Version { get; private set; }

    public void Apply(AcceptedWorkload settings) => (Issuer, Subject, Audience, Keys) = (settings.Issuer, settings.Subject, settings.Audience, settings.Keys);

    public AcceptedWorkload ToSettings() => new(Issuer, Subject, Audience, Keys);
}
