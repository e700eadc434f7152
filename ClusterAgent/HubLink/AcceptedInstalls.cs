using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// What the agent accepted of each install last, in the Secret <c>codezero-accepted</c>. It decides what the age of an approval means: an old one stops nothing
/// that runs, and brings nothing back that was replaced or removed since. Entries of removed installs are kept for that reason.
/// </summary>
internal sealed class AcceptedInstalls(IClusterApi api, string ns)
{
    private const string SecretName = "codezero-accepted", Content = "accepted.json";
    private const int MaxEntries = 2 * DesiredState.MaxInstalls;
    private Dictionary<Guid, AcceptedInstall>? _entries;

    public async Task<AcceptedInstall?> FindAsync(Guid install, CancellationToken ct) => (await EntriesAsync(ct)).GetValueOrDefault(install);

    /// <summary>Remembers what is accepted now. The same content keeps the time it was first accepted at.</summary>
    public async Task RememberAsync(Guid install, Digest digest, DateTimeOffset? approvedAt, DateTimeOffset now, CancellationToken ct)
    {
        var entries = await EntriesAsync(ct);
        var before = entries.GetValueOrDefault(install);
        var next = before?.Digest == digest ? before with { ApprovedAt = Later(before.ApprovedAt, approvedAt) } : new(digest, now, approvedAt);
        if (next == before)
            return;
        var changed = new Dictionary<Guid, AcceptedInstall>(entries) { [install] = next };
        if (changed.Count > MaxEntries)
            changed.Remove(changed.MinBy(entry => entry.Value.AcceptedAt).Key);
        await SaveAsync(changed, ct);
        _entries = changed;
    }

    private async Task<Dictionary<Guid, AcceptedInstall>> EntriesAsync(CancellationToken ct)
    {
        if (_entries is not null)
            return _entries;
        var entries = new Dictionary<Guid, AcceptedInstall>();
        if (await api.FindAsync(new(ResourceKind.Secret, ns, SecretName), ct) is { } secret)
            foreach (var (id, entry) in Parse(secret) as JsonObject ?? throw Damaged())
                entries[Guid.TryParse(id, out var install) ? install : throw Damaged()] = Digest.TryParse(entry.Text("digest"), out var digest) && Time(entry.Text("acceptedAt")) is { } acceptedAt
                    ? new(digest, acceptedAt, Time(entry.Text("approvedAt")))
                    : throw Damaged();
        return _entries = entries;
    }

    private async Task SaveAsync(Dictionary<Guid, AcceptedInstall> entries, CancellationToken ct)
    {
        var json = new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key.ToString(), (JsonNode?)new JsonObject
        {
            ["digest"] = entry.Value.Digest.ToString(),
            ["acceptedAt"] = Text(entry.Value.AcceptedAt),
            ["approvedAt"] = entry.Value.ApprovedAt is { } at ? Text(at) : null,
        })));
        var secret = new KubernetesObject(ResourceKind.Secret, ns, SecretName);
        secret.Json["type"] = "Opaque";
        secret.EncodeData([KeyValuePair.Create(Content, json.ToJsonString())]);
        await api.ApplyAsync(secret, LinkNames.Write, ct);
    }

    private static JsonNode? Parse(KubernetesObject secret)
    {
        try
        {
            return JsonNode.Parse(secret.DecodeData().GetValueOrDefault(Content, ""));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Going on without it would take old approvals for new ones, so a person decides.</summary>
    private InvalidDataException Damaged() => new(
        $"Secret {ns}/{SecretName} is damaged, and with it the memory of what was approved when. Restore it; or delete it, which lets approvals that were replaced since count again until the Hub's states are at hand.");

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other ?? one : one;

    private static string Text(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;
}
