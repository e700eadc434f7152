using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Storage;

/// <summary>Where writes are recorded before they count.</summary>
internal interface IJournal
{
    void Append(ChangeType type, StoredObject stored);
}

/// <summary>Remembers nothing: a cluster that lives in memory only.</summary>
internal sealed class NoJournal : IJournal
{
    public void Append(ChangeType type, StoredObject stored)
    {
    }
}

/// <summary>
/// Objects on disk: <c>objects.jsonl</c> is a snapshot, <c>journal.jsonl</c> the writes since; one JSON value a line. A write has reached the
/// operating system before it is visible, so it outlives a killed process; a power failure can lose the last second. A torn last line is cut off.
/// A lock file keeps a second process out.
/// </summary>
internal sealed class FileJournal : IJournal, IDisposable
{
    private const int CompactAfter = 20_000;
    private readonly string snapshotPath;
    private readonly string journalPath;
    private readonly FileStream lockFile;
    private readonly Dictionary<ObjectKey, StoredObject> objects = [];
    private readonly Timer flush;
    private readonly Lock gate = new();
    private readonly FileStream journal;
    private long version;
    private int entries;

    public FileJournal(string directory)
    {
        Directory.CreateDirectory(directory);
        snapshotPath = Path.Combine(directory, "objects.jsonl");
        journalPath = Path.Combine(directory, "journal.jsonl");
        lockFile = new(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Load(snapshotPath, 0);
        var sound = Load(journalPath, version);
        journal = new(journalPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        journal.SetLength(sound);
        journal.Seek(0, SeekOrigin.End);
        flush = new(_ => Flush(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>What was on disk at the start.</summary>
    public (IReadOnlyCollection<StoredObject> Objects, long Version) Loaded => (objects.Values, version);

    public void Append(ChangeType type, StoredObject stored)
    {
        lock (gate)
        {
            if (entries >= CompactAfter && entries > objects.Count)
                Compact();
            Write(Line(type, stored));
            Remember(type, stored);
            entries++;
        }
    }

    /// <summary>A line is written whole or not at all: what a full disk leaves of it would hide every later one.</summary>
    private void Write(byte[] line)
    {
        var sound = journal.Position;
        try
        {
            journal.Write(line);
        }
        catch (IOException)
        {
            journal.SetLength(sound);
            journal.Seek(sound, SeekOrigin.Begin);
            throw;
        }
    }

    private void Remember(ChangeType type, StoredObject stored)
    {
        version = stored.ResourceVersion;
        if (type == ChangeType.Deleted)
            objects.Remove(stored.Key);
        else
            objects[stored.Key] = stored;
    }

    /// <summary>Writes a new snapshot beside the old one, puts it in its place, and starts an empty journal. Safe at every step: older entries are skipped on load.</summary>
    private void Compact()
    {
        var temporary = snapshotPath + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(JsonText.ToUtf8(new JsonObject { ["rv"] = version }));
            file.WriteByte((byte)'\n');
            foreach (var stored in objects.Values)
                file.Write(Line(ChangeType.Added, stored));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, snapshotPath, overwrite: true);
        journal.SetLength(0);
        journal.Seek(0, SeekOrigin.Begin);
        entries = 0;
    }

    private static byte[] Line(ChangeType type, StoredObject stored)
    {
        var entry = new JsonObject
        {
            ["rv"] = stored.ResourceVersion, ["r"] = stored.Key.Resource, ["ns"] = stored.Key.Namespace, ["n"] = stored.Key.Name,
            ["o"] = type == ChangeType.Deleted ? null : stored.Value.DeepClone(),
        };
        return [.. JsonText.ToUtf8(entry), (byte)'\n'];
    }

    /// <summary>Reads a file and returns how many bytes of it are sound.</summary>
    private long Load(string path, long newerThan)
    {
        if (!File.Exists(path))
            return 0;
        var bytes = File.ReadAllBytes(path);
        var start = 0;
        while (bytes.AsSpan(start).IndexOf((byte)'\n') is >= 0 and var length)
        {
            if (!TryRead(bytes.AsSpan(start, length), newerThan))
                return start;
            start += length + 1;
        }
        return start;
    }

    private bool TryRead(ReadOnlySpan<byte> line, long newerThan)
    {
        JsonNode? entry;
        try
        {
            entry = JsonNode.Parse(line, documentOptions: new() { MaxDepth = JsonText.MaxDepth * 2 });
        }
        catch (JsonException)
        {
            return false;
        }
        if (entry?["rv"].AsLong() is not { } rv)
            return false;
        if (entry["r"].AsString() is { } resource && (newerThan == 0 || rv > newerThan))
        {
            var key = new ObjectKey(resource, entry["ns"].AsString() ?? "", entry["n"].AsString() ?? "");
            if (entry["o"] is JsonObject value)
                objects[key] = new(key, value.Copy(), rv);
            else
                objects.Remove(key);
            entries++;
        }
        version = Math.Max(version, rv);
        return true;
    }

    private void Flush()
    {
        lock (gate)
            if (journal.CanWrite)
                journal.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        flush.Dispose();
        lock (gate)
        {
            journal.Flush(flushToDisk: true);
            journal.Dispose();
        }
        lockFile.Dispose();
    }
}
