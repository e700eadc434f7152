using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CodeZero.DevCluster.Schemas;
using Objects = System.Collections.Immutable.ImmutableSortedDictionary<(string Namespace, string Name), CodeZero.DevCluster.Storage.StoredObject>;

namespace CodeZero.DevCluster.Storage;

/// <summary>
/// All objects, in memory. Readers take an immutable snapshot without a lock; writers compare and swap under one. Every write raises the
/// one resourceVersion counter, is journalled before it is visible, and reaches every watcher in order.
/// </summary>
/// <param name="historyLimit">Writes kept for watches that start in the past; older starting points are answered 410.</param>
internal sealed class ObjectStore(int historyLimit, IJournal journal)
{
    private const int WatchBuffer = 16_384;
    private static readonly Objects Nothing = Objects.Empty.WithComparers(
        Comparer<(string Namespace, string Name)>.Create(static (a, b) => string.CompareOrdinal(a.Namespace, b.Namespace) is not 0 and var c ? c : string.CompareOrdinal(a.Name, b.Name)));

    private readonly Lock gate = new();
    private readonly Queue<StoreEvent> history = new();
    private readonly List<Watcher> watchers = [];
    private volatile State state = new(1, ImmutableDictionary<string, Objects>.Empty, ImmutableDictionary<string, ObjectKey>.Empty, ImmutableDictionary<string, ImmutableHashSet<ObjectKey>>.Empty);
    private long forgotten = 1;

    private readonly Dictionary<string, Action<ChangeType, StoredObject>> followers = [];

    /// <summary>The version of the last write.</summary>
    public long ResourceVersion => state.Version;

    public StoredObject? Get(ObjectKey key) => state.Resources.GetValueOrDefault(key.Resource)?.GetValueOrDefault((key.Namespace, key.Name));

    public StoredObject? FindByUid(string uid) => state.ByUid.TryGetValue(uid, out var key) ? Get(key) : null;

    /// <summary>The objects that name this uid as an owner.</summary>
    public IEnumerable<StoredObject> Dependents(string uid) => state.ByOwner.GetValueOrDefault(uid)?.Select(Get).OfType<StoredObject>() ?? [];

    /// <summary>The objects of a resource in key order, and the version they are the state of.</summary>
    public (Objects Objects, long Version) Snapshot(string resource)
    {
        var now = state;
        return (now.Resources.GetValueOrDefault(resource) ?? Nothing, now.Version);
    }

    public IEnumerable<StoredObject> List(string resource, string? ns = null)
    {
        var objects = Snapshot(resource).Objects;
        return ns is null ? objects.Values : objects.Values.Where(o => o.Key.Namespace == ns);
    }

    public IEnumerable<string> Resources => state.Resources.Keys;

    /// <summary>Writes a new object. Null when one is there already.</summary>
    public StoredObject? Create(ObjectKey key, JsonObject value)
    {
        lock (gate)
            return Get(key) is not null ? null : Commit(ChangeType.Added, key, value, null);
    }

    /// <summary>Replaces the object. Null when it is gone or no longer at the expected version.</summary>
    public StoredObject? Update(StoredObject expected, JsonObject value)
    {
        lock (gate)
            return Get(expected.Key) != expected ? null : Commit(ChangeType.Modified, expected.Key, value, expected);
    }

    /// <summary>Removes the object. Null when it is gone or no longer at the expected version.</summary>
    public StoredObject? Delete(StoredObject expected, JsonObject? lastValue = null)
    {
        lock (gate)
            return Get(expected.Key) != expected ? null : Commit(ChangeType.Deleted, expected.Key, (lastValue ?? expected.Value).Copy(), expected);
    }

    private StoredObject Commit(ChangeType type, ObjectKey key, JsonObject value, StoredObject? previous)
    {
        var version = state.Version + 1;
        value.Ensure("metadata")["resourceVersion"] = version.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var stored = new StoredObject(key, value.Freeze(), version);
        journal.Append(type, stored);
        state = type == ChangeType.Deleted ? state.Without(previous!, version) : state.With(stored, previous, version);
        Publish(new(type, version, stored, previous));
        return stored;
    }

    /// <summary>Calls the action with every object there is and with every write to the resource, before the write is answered.</summary>
    public void OnCommit(string resource, Action<ChangeType, StoredObject> action)
    {
        lock (gate)
        {
            followers[resource] = action;
            foreach (var stored in List(resource))
                action(ChangeType.Added, stored);
        }
    }

    private void Publish(StoreEvent change)
    {
        if (followers.TryGetValue(change.Object!.Key.Resource, out var follower))
            follower(change.Type, change.Object);
        history.Enqueue(change);
        while (history.Count > historyLimit)
            forgotten = history.Dequeue().ResourceVersion;
        foreach (var watcher in watchers)
            watcher.Offer(change);
        watchers.RemoveAll(w => w.Closed);
    }

    /// <summary>Puts back what was persisted, before anything else uses the store. History before it is unknown.</summary>
    public void Restore(IEnumerable<StoredObject> objects, long version)
    {
        lock (gate)
        {
            foreach (var o in objects)
                state = state.With(o with { Value = o.Value.Freeze() }, null, version);
            state = state with { Version = Math.Max(version, 1) };
            forgotten = state.Version;
        }
    }

    /// <summary>
    /// Follows the writes to a resource after a version. False when that version is older than the history.
    /// The reader completes when it falls too far behind; the client then starts again from a list.
    /// </summary>
    public bool TryWatch(string resource, long after, out Watcher watcher)
    {
        lock (gate)
        {
            watcher = new(resource, this);
            if (after < forgotten)
                return false;
            foreach (var change in history)
                if (change.ResourceVersion > after)
                    watcher.Offer(change);
            watchers.Add(watcher);
            return true;
        }
    }

    /// <summary>Takes a snapshot and follows the writes after it, with nothing between the two.</summary>
    public (Objects Objects, long Version) ListAndWatch(string resource, out Watcher watcher)
    {
        lock (gate)
        {
            watcher = new(resource, this);
            watchers.Add(watcher);
            return Snapshot(resource);
        }
    }

    /// <summary>Follows every write from now on.</summary>
    public Watcher WatchAll()
    {
        lock (gate)
        {
            var watcher = new Watcher(null, this);
            watchers.Add(watcher);
            return watcher;
        }
    }

    /// <summary>The present version, in order with the events already handed to this watcher.</summary>
    public void OfferBookmark(Watcher watcher)
    {
        lock (gate)
            watcher.Offer(new(ChangeType.Bookmark, state.Version, null, null));
    }

    private void Remove(Watcher watcher)
    {
        lock (gate)
            watchers.Remove(watcher);
    }

    /// <summary>One reader of writes, with a bounded buffer.</summary>
    internal sealed class Watcher(string? resource, ObjectStore store) : IDisposable
    {
        private readonly Channel<StoreEvent> channel = Channel.CreateBounded<StoreEvent>(new BoundedChannelOptions(WatchBuffer) { SingleReader = true });

        public ChannelReader<StoreEvent> Events => channel.Reader;
        public bool Closed { get; private set; }

        public void Offer(StoreEvent change)
        {
            if (resource is not null && change.Object is not null && change.Object.Key.Resource != resource)
                return;
            if (!channel.Writer.TryWrite(change))
                Close();
        }

        public void Dispose()
        {
            Close();
            store.Remove(this);
        }

        private void Close()
        {
            Closed = true;
            channel.Writer.TryComplete();
        }
    }

    private sealed record State(
        long Version,
        ImmutableDictionary<string, Objects> Resources,
        ImmutableDictionary<string, ObjectKey> ByUid,
        ImmutableDictionary<string, ImmutableHashSet<ObjectKey>> ByOwner)
    {
        public State With(StoredObject stored, StoredObject? previous, long version) => new(
            version,
            Resources.SetItem(stored.Key.Resource, (Resources.GetValueOrDefault(stored.Key.Resource) ?? Nothing).SetItem((stored.Key.Namespace, stored.Key.Name), stored)),
            ByUid.SetItem(stored.Uid, stored.Key),
            Link(Unlink(ByOwner, previous), stored));

        public State Without(StoredObject previous, long version) => new(
            version,
            Resources.SetItem(previous.Key.Resource, Resources[previous.Key.Resource].Remove((previous.Key.Namespace, previous.Key.Name))),
            ByUid.Remove(previous.Uid),
            Unlink(ByOwner, previous));

        private static ImmutableDictionary<string, ImmutableHashSet<ObjectKey>> Link(ImmutableDictionary<string, ImmutableHashSet<ObjectKey>> index, StoredObject o)
        {
            foreach (var uid in o.Owners.Select(r => r["uid"].AsString()).OfType<string>())
                index = index.SetItem(uid, (index.GetValueOrDefault(uid) ?? []).Add(o.Key));
            return index;
        }

        private static ImmutableDictionary<string, ImmutableHashSet<ObjectKey>> Unlink(ImmutableDictionary<string, ImmutableHashSet<ObjectKey>> index, StoredObject? o)
        {
            foreach (var uid in o?.Owners.Select(r => r["uid"].AsString()).OfType<string>() ?? [])
            {
                var left = (index.GetValueOrDefault(uid) ?? []).Remove(o!.Key);
                index = left.IsEmpty ? index.Remove(uid) : index.SetItem(uid, left);
            }
            return index;
        }
    }
}
