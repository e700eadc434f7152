using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Follows the desired state: fetches it, verifies it, keeps it, and only then hands it on (protocol §5). A state that is refused changes nothing:
/// the last good one goes on, and the refusal is reported. Without the Hub the last good one is all there is, and enough.
/// </summary>
internal sealed partial class StateFollower(
    HubApi hub, StateArchive archive, TrustRootReader trust, AgentIdentity identity, ReceiptBook receipts, LinkBoard board, TimeProvider clock, ILogger<StateFollower> log)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FullFetchEvery = TimeSpan.FromHours(1);

    private ArchivedState _archived = ArchivedState.Empty;
    private AcceptedState? _accepted;
    private long _fullFetchAt;

    public async Task RunAsync(CancellationToken ct)
    {
        await RestoreAsync(ct);
        _fullFetchAt = clock.GetTimestamp();
        var wait = FirstWait;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var next = await FollowAsync(ct);
                wait = FirstWait;
                await Task.Delay(next, clock, ct);
            }
            catch (Exception e) when (e is HubException or HttpRequestException or TimeoutException or ClusterApiException)
            {
                Interrupted(log, e.Message);
                // Full jitter: a Hub that comes back must not meet all its agents at once.
                await Task.Delay(((e as HubException)?.RetryAfter ?? TimeSpan.Zero) + (wait * Random.Shared.NextDouble()), clock, ct);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
    }

    /// <summary>Takes up the last good state, checked again: whoever could write to the cluster's Secrets must not get further than that.</summary>
    private async Task RestoreAsync(CancellationToken ct)
    {
        _archived = await archive.LoadAsync(ct);
        receipts.Resume(_archived.LastReceipt, _archived.Receipts);
        if (_archived.Envelope.IsEmpty)
            return;
        if (!(await trust.ReadAsync(ct)).TryGet(out var root, out var refusal)
            || !StateVerifier.VerifyLastGood(_archived.Envelope.Span, TrustedKeys(root), identity, clock.GetUtcNow()).TryGet(out var accepted, out refusal))
        {
            NotRestored(log, refusal.Code, refusal.Reason);
            board.Refuse(refusal);
            return;
        }
        _accepted = accepted;
        Restored(log, accepted.State.Serial);
        HandOn(_archived.Blobs);
    }

    /// <summary>One question to the Hub and what follows from the answer; returns after how long to ask again.</summary>
    private async Task<TimeSpan> FollowAsync(CancellationToken ct)
    {
        await receipts.SendAsync(hub, ct);
        var full = clock.GetElapsedTime(_fullFetchAt) > FullFetchEvery;
        var answer = await hub.GetStateAsync(full ? null : _accepted?.State.Serial, full ? TimeSpan.Zero : AgentApi.LongestWait, ct);
        if (full)
            _fullFetchAt = clock.GetTimestamp();
        if (answer.Envelope is not { } envelope)
        {
            await CompleteAsync(ct);
            return answer.Next;
        }
        if (!(await VerifyAsync(envelope, ct)).TryGet(out var accepted, out var refusal))
        {
            Refused(log, refusal.Code, refusal.Reason);
            board.Refuse(refusal);
            if (receipts.Write(identity.Cluster, null, Digest.Of(envelope), refusal.Code, clock.GetUtcNow()))
                await SaveAsync(ct);
            // The same answer would come at once again.
            return answer.Next > LongestWait ? answer.Next : LongestWait;
        }
        if (accepted.Digest != _accepted?.Digest)
            await AcceptAsync(envelope, accepted, ct);
        return answer.Next;
    }

    private async Task<Checked<AcceptedState>> VerifyAsync(byte[] envelope, CancellationToken ct)
    {
        if (!(await trust.ReadAsync(ct)).TryGet(out var root, out var refusal))
            return refusal;
        var last = _accepted is { } current ? new LastAccepted(current.State.Serial, current.Digest) : null;
        var verdict = StateVerifier.Verify(envelope, TrustedKeys(root), identity, last, clock.GetUtcNow());
        return verdict.Refusal?.Code == RefusalCode.StateSignature && await FetchSuccessionsAsync(ct)
            ? StateVerifier.Verify(envelope, TrustedKeys(root), identity, last, clock.GetUtcNow())
            : verdict;
    }

    /// <summary>A state by an unknown key may be by a new one: then the Hub can show who vouched for it.</summary>
    private async Task<bool> FetchSuccessionsAsync(CancellationToken ct)
    {
        var answer = await hub.GetStateKeysAsync(ct);
        if (!StateKeySet.Parse(answer).Accepted || _archived.Successions?.Span.SequenceEqual(answer) == true)
            return false;
        _archived = _archived with { Successions = answer };
        return true;
    }

    private IReadOnlyCollection<EcPublicKey> TrustedKeys(TrustRoot root) => StateKeyChain.Trusted(
        root, _archived.Successions is { } bytes && StateKeySet.Parse(bytes.Span).TryGet(out var set, out _) ? set.Successions : [], clock.GetUtcNow());

    private async Task AcceptAsync(byte[] envelope, AcceptedState accepted, CancellationToken ct)
    {
        var fetchedAt = clock.GetUtcNow();
        var documents = await FetchDocumentsAsync(accepted.State, ct);
        var entries = accepted.State.Installs.Select(install => LinkNames.EntryOf(accepted.State, install));
        _archived = _archived with
        {
            Envelope = envelope,
            Blobs = Intact(documents),
            FetchedAt = entries.ToDictionary(entry => entry, entry => _archived.FetchedAt.TryGetValue(entry, out var before) ? before : fetchedAt),
        };
        receipts.Write(identity.Cluster, accepted.State.Serial, accepted.Digest, Receipt.Accepted, fetchedAt);
        await SaveAsync(ct);
        _accepted = accepted;
        Accepted(log, accepted.State.Serial, accepted.State.Installs.Count);
        HandOn(documents);
        await receipts.SendAsync(hub, ct);
    }

    /// <summary>Asks again for documents that could not be had, or came altered.</summary>
    private async Task CompleteAsync(CancellationToken ct)
    {
        if (_accepted is not { } accepted || Needed(accepted.State).All(_archived.Blobs.ContainsKey))
            return;
        var documents = await FetchDocumentsAsync(accepted.State, ct);
        _archived = _archived with { Blobs = Intact(documents) };
        await SaveAsync(ct);
        HandOn(documents);
    }

    private void HandOn(IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> documents) =>
        board.PutInForce(new(_accepted!, documents, _archived.FetchedAt));

    private async Task<Dictionary<Digest, ReadOnlyMemory<byte>>> FetchDocumentsAsync(DesiredState state, CancellationToken ct)
    {
        var documents = new Dictionary<Digest, ReadOnlyMemory<byte>>();
        foreach (var digest in Needed(state))
            if (_archived.Blobs.TryGetValue(digest, out var kept))
                documents[digest] = kept;
            else if (await hub.FindBlobAsync(digest, ct) is { } fetched)
                documents[digest] = fetched;
        return documents;
    }

    private async Task SaveAsync(CancellationToken ct)
    {
        _archived = _archived with { LastReceipt = receipts.Last, Receipts = receipts.Waiting };
        await archive.SaveAsync(_archived, ct);
    }

    private static IEnumerable<Digest> Needed(DesiredState state) => state.Installs.SelectMany(install => install.Blobs()).Distinct();

    /// <summary>Only what matches its name is kept; the verifier of installs says what is wrong with the rest.</summary>
    private static Dictionary<Digest, ReadOnlyMemory<byte>> Intact(Dictionary<Digest, ReadOnlyMemory<byte>> documents) =>
        documents.Where(document => InstallVerifier.CheckBlob(document.Key, document.Value.Span) is null).ToDictionary();

    [LoggerMessage(6110, LogLevel.Information, "State {Serial} is in force: {Installs} installs")]
    private static partial void Accepted(ILogger log, long serial, int installs);

    [LoggerMessage(6111, LogLevel.Warning, "A state was refused, the last good one goes on. {Code}: {Reason}")]
    private static partial void Refused(ILogger log, string code, string reason);

    [LoggerMessage(6112, LogLevel.Information, "The last good state {Serial} was taken up again")]
    private static partial void Restored(ILogger log, long serial);

    [LoggerMessage(6113, LogLevel.Error, "The kept state cannot be taken up; waiting for the Hub. {Code}: {Reason}")]
    private static partial void NotRestored(ILogger log, string code, string reason);

    [LoggerMessage(6114, LogLevel.Warning, "The Hub cannot be followed at present, the last good state goes on: {Reason}")]
    private static partial void Interrupted(ILogger log, string reason);
}
