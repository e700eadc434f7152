using System.Globalization;

namespace CodeZero.Hub.Client;

/// <summary>The audit log of an organization.</summary>
public sealed class AuditApi
{
    private readonly HubTransport _hub;

    internal AuditApi(HubTransport hub) => _hub = hub;

    /// <summary>What was done, the newest first.</summary>
    /// <param name="actor">By whom, by id or name; null by anybody.</param>
    /// <param name="action">What, such as <c>member.removed</c> or <c>member.*</c>; null anything.</param>
    /// <param name="target">To what, by id or name; null to anything.</param>
    public IAsyncEnumerable<AuditEntry> ListAsync(string org, string? actor = null, string? action = null, string? target = null, CancellationToken ct = default)
    {
        var filter = string.Join('&', new[] { ("actor", actor), ("action", action), ("target", target) }
            .Where(part => part.Item2 is not null).Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}"));
        return _hub.ListAsync(Address.Of($"v1/orgs/{org}/audit") + (filter.Length > 0 ? "?" + filter : ""), WireJson.Default.PageAuditEntry, ct);
    }

    /// <summary>Has the Hub recompute the chain of hashes.</summary>
    /// <param name="known">A head kept from before: the number and hash of an entry.</param>
    public Task<AuditVerification> VerifyAsync(string org, (long Sequence, string Hash)? known = null, CancellationToken ct = default) => _hub.GetAsync(
        Address.Of($"v1/orgs/{org}/audit/verification") + (known is var (sequence, hash) ? string.Create(CultureInfo.InvariantCulture, $"?sequence={sequence}&hash={Uri.EscapeDataString(hash)}") : ""),
        WireJson.Default.AuditVerification, ct);
}
