using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>Which cluster of which Hub this agent is, as its enrolment said. Written once; a state can never change it.</summary>
/// <param name="Issuer">The Hub's issuer identifier: the audience of client assertions.</param>
internal sealed record Membership(Uri Hub, Guid Cluster, Guid Organization, string Issuer)
{
    public JsonObject ToJson() => new()
    {
        ["hub"] = Hub.ToString(),
        ["cluster"] = Cluster.ToString(),
        ["organization"] = Organization.ToString(),
        ["issuer"] = Issuer,
    };

    /// <summary>Null when the text is not what <see cref="ToJson"/> wrote.</summary>
    public static Membership? Read(string text)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
        return Uri.TryCreate(json.Text("hub"), UriKind.Absolute, out var hub) && Guid.TryParse(json.Text("cluster"), out var cluster)
            && Guid.TryParse(json.Text("organization"), out var organization) && json.Text("issuer") is { } issuer
            ? new(hub, cluster, organization, issuer)
            : null;
    }
}

/// <summary>The agent's two private keys, and its membership once it has one.</summary>
internal sealed record AgentSecrets(EcPrivateKey Signing, EcPrivateKey Sealing, Membership? Membership);

/// <summary>Keeps the agent's keys in the Secret <c>codezero-agent</c> of its own namespace. They never leave the cluster.</summary>
internal sealed class AgentVault(IClusterApi api, string ns)
{
    public const string SecretName = "codezero-agent";
    private const string SigningKey = "signing.pem", SealingKey = "sealing.pem", MembershipKey = "membership.json";

    /// <summary>Null when there are none yet.</summary>
    /// <exception cref="InvalidDataException">The Secret is there, but does not hold what the agent wrote. Making new keys over it could lose the membership, so that is a person's decision.</exception>
    public async Task<AgentSecrets?> ReadAsync(CancellationToken ct)
    {
        if (await api.FindAsync(Ref, ct) is not { } secret)
            return null;
        var data = secret.DecodeData();
        var membership = data.TryGetValue(MembershipKey, out var text) ? Membership.Read(text) : null;
        return EcPrivateKey.FromPem(data.GetValueOrDefault(SigningKey, "")).TryGet(out var signing, out _)
            && EcPrivateKey.FromPem(data.GetValueOrDefault(SealingKey, "")).TryGet(out var sealing, out _) && (text is null || membership is not null)
            ? new(signing, sealing, membership)
            : throw new InvalidDataException($"Secret {ns}/{SecretName} is damaged. Restore it, or delete it and join the cluster anew (czctl clusters join).");
    }

    public Task SaveAsync(AgentSecrets secrets, CancellationToken ct)
    {
        var secret = new KubernetesObject(ResourceKind.Secret, ns, SecretName);
        secret.Json["type"] = "Opaque";
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { [SigningKey] = secrets.Signing.ToPem(), [SealingKey] = secrets.Sealing.ToPem() };
        if (secrets.Membership is { } membership)
            data[MembershipKey] = membership.ToJson().ToJsonString();
        secret.EncodeData(data);
        return api.ApplyAsync(secret, LinkNames.Write, ct);
    }

    private ObjectRef Ref => new(ResourceKind.Secret, ns, SecretName);
}

/// <summary>Names that the Hub link uses in the agent's namespace.</summary>
internal static class LinkNames
{
    /// <summary>ConfigMap by which people see who the agent is and how its enrolment stands.</summary>
    public const string AgentConfigMap = "codezero-agent";

    /// <summary>Secret with the one-time token and the Hub's address, written by the join command.</summary>
    public const string EnrolmentSecret = "codezero-enrolment";

    public static readonly WriteOptions Write = new(Apps.AppNames.FieldManager);

    /// <summary>Names one install of a state together with its approvals: the same content comes again when somebody approves it.</summary>
    public static Digest EntryOf(DesiredState state, DesiredInstall install) =>
        Digest.Of(Encoding.ASCII.GetBytes($"{InstallDigest.Of(state.Cluster, state.Organization, install)} {install.Approval}"));
}
