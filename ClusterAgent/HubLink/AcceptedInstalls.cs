using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// What was approved of each install last, and whether it was brought about, in the Secret <c>codezero-accepted</c>. It decides what the age of an approval means: an old one stops nothing
/// that runs, and brings nothing back that was replaced or removed since. Entries of removed installs are kept for that reason.
/// </summary>
internal sealed class AcceptedInstalls(IClusterApi api, string ns)
{
    private const string SecretName = "codezero-accepted", Content = "accepted.json";
    private const int MaxEntries = 2 * DesiredState.MaxInstalls;
    private Dictionary<Guid, AcceptedInstall>? _entries;

    /// <summary>Where it is kept.</summary>
    public ObjectRef Ref => new(ResourceKind.Secret, ns, SecretName);

    public async Task<AcceptedInstall?> FindAsync(Guid install, CancellationToken ct) => (await EntriesAsync(ct)).GetValueOrDefault(install);

    /// <summary>
    /// Remembers what is approved now, before any of it is brought about: from here on older approvals of other content count no more, even if the agent ends in between.
    /// </summary>
    public Task ApproveAsync(IEnumerable<VerifiedInstall> installs, CancellationToken ct) => UpdateAsync(entries =>
    {
        foreach (var install in installs)
        {
            var before = entries.GetValueOrDefault(install.Install.Id);
            var approvedAt = Later(before?.ApprovedAt, install.Approved?.ApprovedAt);
            entries[install.Install.Id] = before?.Digest == install.Digest ? before with { ApprovedAt = approvedAt } : new(install.Digest, null, approvedAt);
        }
    }, ct);

    /// <summary>Remembers what was brought about. The same content keeps the time it first was.</summary>
    public Task AcceptAsync(IEnumerable<Guid> installs, DateTimeOffset now, CancellationToken ct) => UpdateAsync(entries =>
    {
        foreach (var install in installs)
            if (entries.TryGetValue(install, out var approved))
                entries[install] = approved with { AcceptedAt = approved.AcceptedAt ?? now };
    }, ct);

    /// <summary>One write for all that changes, and none when nothing does. What could not be written is not remembered.</summary>
    private async Task UpdateAsync(Action<Dictionary<Guid, AcceptedInstall>> change, CancellationToken ct)
    {
        var entries = await EntriesAsync(ct);
        var changed = new Dictionary<Guid, AcceptedInstall>(entries);
        change(changed);
        if (changed.All(entry => entries.TryGetValue(entry.Key, out var before) && before == entry.Value))
            return;
        foreach (var oldest in changed.OrderByDescending(entry => entry.Value.AcceptedAt ?? DateTimeOffset.MaxValue).Skip(MaxEntries).ToList())
            changed.Remove(oldest.Key);
        await SaveAsync(changed, ct);
        _entries = changed;
    }

    private async Task<Dictionary<Guid, AcceptedInstall>> EntriesAsync(CancellationToken ct)
    {
        if (_entries is not null)
            return _entries;
        var entries = new Dictionary<Guid, AcceptedInstall>();
        if (await api.FindAsync(Ref, ct) is { } secret)
            foreach (var (id, entry) in Parse(secret) as JsonObject ?? throw Damaged())
                entries[Guid.TryParse(id, out var install) ? install : throw Damaged()] = Digest.TryParse(entry.Text("digest"), out var digest)
                    ? new(digest, Time(entry.Text("acceptedAt")), Time(entry.Text("approvedAt")))
                    : throw Damaged();
        return _entries = entries;
    }

    private async Task SaveAsync(Dictionary<Guid, AcceptedInstall> entries, CancellationToken ct)
    {
        var json = new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key.ToString(), (JsonNode?)new JsonObject
        {
            ["digest"] = entry.Value.Digest.ToString(),
            ["acceptedAt"] = Text(entry.Value.AcceptedAt),
            ["approvedAt"] = Text(entry.Value.ApprovedAt),
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

    private static string? Text(DateTimeOffset? time) => time?.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;
}
