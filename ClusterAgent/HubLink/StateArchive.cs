using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The last good state with all it needs, so that the agent works without the Hub.</summary>
/// <param name="Envelope">As the Hub signed it; it is verified again whenever it is read.</param>
/// <param name="Blobs">Every document that its installs refer to.</param>
/// <param name="FetchedAt">When each of its installs first came as it is, by <see cref="LinkNames.EntryOf"/>.</param>
/// <param name="Successions">The state keys that trusted ones vouched for, as envelopes.</param>
/// <param name="LastReceipt">Digest of the newest receipt, which the next one names.</param>
/// <param name="Receipts">Envelopes of receipts that the Hub did not have yet.</param>
internal sealed record ArchivedState(
    ReadOnlyMemory<byte> Envelope, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> Blobs, IReadOnlyDictionary<Digest, DateTimeOffset> FetchedAt,
    ReadOnlyMemory<byte>? Successions, Digest? LastReceipt, IReadOnlyList<ReadOnlyMemory<byte>> Receipts)
{
    public static readonly ArchivedState Empty =
        new(default, new Dictionary<Digest, ReadOnlyMemory<byte>>(), new Dictionary<Digest, DateTimeOffset>(), null, null, []);
}

/// <summary>
/// Keeps the last good state in Secrets of the agent's namespace: one per document, one per 700 kB of the compressed envelope, and last the one that
/// names them all. A crash in between leaves the former state whole; one that is damaged is written anew when it comes again.
/// </summary>
internal sealed class StateArchive(IClusterApi api, string ns)
{
    internal const string IndexName = "codezero-state";
    private const string PartPrefix = "codezero-state-", BlobPrefix = "codezero-blob-";
    private const string ArchiveLabel = "system.codezero.io/archive", Content = "content";
    private const int PartBytes = 700_000, NameHexDigits = 40;

    /// <summary>All Secrets of the archive that are there.</summary>
    private readonly HashSet<string> _present = new(StringComparer.Ordinal);

    /// <summary>Those of them that are known to hold what their name says.</summary>
    private readonly HashSet<string> _intact = new(StringComparer.Ordinal);

    /// <summary>What was saved last; empty when nothing was, or when it is damaged: then the Hub must send the state anew.</summary>
    public async Task<ArchivedState> LoadAsync(CancellationToken ct)
    {
        var secrets = (await api.ListAsync(ResourceKind.Secret, new(ns, ArchiveLabel), ct)).Items.ToDictionary(secret => secret.Name, StringComparer.Ordinal);
        _present.UnionWith(secrets.Keys);
        if (!secrets.TryGetValue(IndexName, out var index) || ParseIndex(index) is not { } json)
            return ArchivedState.Empty;
        var blobs = new Dictionary<Digest, ReadOnlyMemory<byte>>();
        foreach (var text in json.Texts("blobs"))
            if (Digest.TryParse(text, out var digest) && Bytes(secrets.GetValueOrDefault(BlobName(digest))) is { } compressed && Decompress(compressed) is { } blob
                && Digest.Of(blob) == digest)
            {
                blobs[digest] = blob;
                _intact.Add(BlobName(digest));
            }
        return new(
            ReadEnvelope([.. json.Texts("parts")], secrets), blobs,
            json.TextMap("fetchedAt").Where(entry => Digest.TryParse(entry.Key, out _)).ToDictionary(entry => Digest.Parse(entry.Key), entry => Time(entry.Value)),
            FromBase64(json.Text("successions")),
            Digest.TryParse(json.Text("lastReceipt"), out var receipt) ? receipt : null,
            [.. json.Texts("receipts").Select(FromBase64).OfType<ReadOnlyMemory<byte>>()]);
    }

    private ReadOnlyMemory<byte> ReadEnvelope(List<string> names, Dictionary<string, KubernetesObject> secrets)
    {
        var parts = names.Select(name => Bytes(secrets.GetValueOrDefault(name))).ToList();
        if (parts.Any(part => part is null) || Decompress([.. parts.SelectMany(part => part!)]) is not { } envelope
            || names.Any(name => !name.StartsWith(PartPrefix + Hex(Digest.Of(envelope)), StringComparison.Ordinal)))
            return default;
        _intact.UnionWith(names);
        return envelope;
    }

    public async Task SaveAsync(ArchivedState state, CancellationToken ct)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { IndexName };
        foreach (var (digest, blob) in state.Blobs)
            await WriteOnceAsync(BlobName(digest), blob, names, ct);
        var compressed = Compress(state.Envelope);
        var digestOfState = Digest.Of(state.Envelope.Span);
        var parts = new List<string>();
        for (var at = 0; at < compressed.Length; at += PartBytes)
        {
            parts.Add($"{PartPrefix}{Hex(digestOfState)}-{parts.Count.ToString(CultureInfo.InvariantCulture)}");
            await WriteRawOnceAsync(parts[^1], compressed.AsMemory(at, Math.Min(PartBytes, compressed.Length - at)), names, ct);
        }
        await WriteAsync(IndexName, ToIndex(state, parts), ct);
        foreach (var obsolete in _present.Except(names).ToList())
        {
            await api.DeleteAsync(new(ResourceKind.Secret, ns, obsolete), new DeleteOptions(), ct);
            _present.Remove(obsolete);
            _intact.Remove(obsolete);
        }
    }

    /// <summary>Compressed, as the digests of the largest state would not fit a Secret (1 MiB) otherwise.</summary>
    internal static byte[] ToIndex(ArchivedState state, IEnumerable<string> parts) => Compress(Encoding.UTF8.GetBytes(new JsonObject
    {
        ["parts"] = parts.ToJson(),
        ["blobs"] = state.Blobs.Keys.Select(digest => digest.ToString()).ToJson(),
        ["fetchedAt"] = state.FetchedAt.Select(entry => KeyValuePair.Create(entry.Key.ToString(), entry.Value.ToString("O", CultureInfo.InvariantCulture))).ToJson(),
        ["successions"] = state.Successions is { } successions ? Convert.ToBase64String(successions.Span) : null,
        ["lastReceipt"] = state.LastReceipt?.ToString(),
        ["receipts"] = state.Receipts.Select(envelope => Convert.ToBase64String(envelope.Span)).ToJson(),
    }.ToJsonString()));

    private Task WriteOnceAsync(string name, ReadOnlyMemory<byte> content, HashSet<string> names, CancellationToken ct) =>
        WriteRawOnceAsync(name, _intact.Contains(name) ? default : Compress(content), names, ct);

    /// <summary>Parts and documents are named by their content, so what is there need not be written again.</summary>
    private async Task WriteRawOnceAsync(string name, ReadOnlyMemory<byte> raw, HashSet<string> names, CancellationToken ct)
    {
        names.Add(name);
        if (!_intact.Contains(name))
            await WriteAsync(name, raw, ct);
    }

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> raw, CancellationToken ct)
    {
        var secret = new KubernetesObject(ResourceKind.Secret, ns, name);
        secret.Metadata["labels"] = new JsonObject { [ArchiveLabel] = "state" };
        secret.Json["type"] = "Opaque";
        secret.Json["data"] = new JsonObject { [Content] = Convert.ToBase64String(raw.Span) };
        await api.ApplyAsync(secret, LinkNames.Write, ct);
        _present.Add(name);
        _intact.Add(name);
    }

    private static JsonNode? ParseIndex(KubernetesObject secret)
    {
        try
        {
            return Bytes(secret) is { } compressed && Decompress(compressed) is { } text ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(KubernetesObject? secret) => FromBase64(secret?.Json.Text("data", Content))?.ToArray();

    private static ReadOnlyMemory<byte>? FromBase64(string? text)
    {
        var bytes = new byte[text?.Length ?? 0];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var length) ? bytes.AsMemory(0, length) : default(ReadOnlyMemory<byte>?);
    }

    private static byte[] Compress(ReadOnlyMemory<byte> content)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal))
            gzip.Write(content.Span);
        return output.ToArray();
    }

    /// <summary>Null for what is no gzip, or grows past any message of the protocol.</summary>
    private static byte[]? Decompress(byte[] compressed)
    {
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var output = new MemoryStream();
        var buffer = new byte[81920];
        try
        {
            for (int read; (read = gzip.Read(buffer)) > 0;)
            {
                output.Write(buffer, 0, read);
                if (output.Length > DsseEnvelope.MaxBytes)
                    return null;
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }
        return output.ToArray();
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : default;

    private static string BlobName(Digest digest) => BlobPrefix + Hex(digest);

    private static string Hex(Digest digest) => digest.ToString()["sha256:".Length..][..NameHexDigits];
}
