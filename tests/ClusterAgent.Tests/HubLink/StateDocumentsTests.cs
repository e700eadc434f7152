using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.HubLink;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>The documents of a state come one by one, each for itself, and together within a limit.</summary>
public sealed class StateDocumentsTests
{
    private readonly Dictionary<Digest, byte[]> _hub = [];
    private readonly List<Digest> _asked = [];

    [Fact]
    public async Task A_state_with_more_documents_than_there_is_room_for_keeps_those_that_fit_and_asks_for_no_more()
    {
        // One after the other was fetched and kept, however many the Hub named.
        var state = State(Install(400), Install(500), Install(200), Install(50));

        var documents = await FetchAsync(state, new Dictionary<Digest, ReadOnlyMemory<byte>>());

        Assert.Equal(2, documents.Found.Count);
        Assert.Equal(3, _asked.Count);
        Assert.Equal([null, null, RefusalCode.BlobSize, RefusalCode.BlobSize], state.Installs.Select(install => documents.RefuseLeftOut(install)?.Code));
    }

    [Fact]
    public async Task What_is_kept_already_is_not_asked_for_and_counts_as_well()
    {
        var state = State(Install(900), Install(200));
        var kept = _hub.Take(1).ToDictionary(document => document.Key, document => (ReadOnlyMemory<byte>)document.Value);

        var documents = await FetchAsync(state, kept);

        Assert.Equal(kept.Keys, documents.Found.Keys);
        Assert.Equal([state.Installs[1].Manifest], documents.LeftOut);
    }

    [Fact]
    public async Task One_that_the_Hub_lacks_or_altered_is_no_ones_trouble_but_its_installs()
    {
        var state = State(Install(10), Install(20), Install(30));
        _hub.Remove(state.Installs[0].Manifest);
        _hub[state.Installs[1].Manifest] = [1, 2, 3];

        var documents = await FetchAsync(state, new Dictionary<Digest, ReadOnlyMemory<byte>>());

        Assert.Equal(2, documents.Found.Count);
        Assert.Equal([state.Installs[2].Manifest], documents.Intact().Keys);
        Assert.All(state.Installs, install => Assert.Null(documents.RefuseLeftOut(install)));
    }

    private Task<StateDocuments> FetchAsync(DesiredState state, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> kept) => new DocumentFetcher((digest, _) =>
    {
        _asked.Add(digest);
        return Task.FromResult(_hub.GetValueOrDefault(digest));
    }, NullLogger.Instance, maxBytes: 1000).FetchAsync(state, kept, default);

    private DesiredInstall Install(int bytes)
    {
        var manifest = Enumerable.Repeat((byte)_hub.Count, bytes).ToArray();
        var digest = Digest.Of(manifest);
        _hub[digest] = manifest;
        return new(Guid.CreateVersion7(), $"web-{_hub.Count}", "shop", "acme/web", "stable", "1.0.0", digest, new("@provisioner/appengine", "0.1.0", null), null, null, null, false, false, []);
    }

    private static DesiredState State(params DesiredInstall[] installs)
    {
        var now = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
        return new(Guid.CreateVersion7(), Guid.CreateVersion7(), 1, null, now, now.AddDays(1), installs, new(60));
    }
}
