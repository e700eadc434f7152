using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Follows the desired state: fetches it, verifies it, keeps it, and only then hands it on (protocol §5). A state that is refused changes nothing:
/// the last good one goes on, and the refusal is reported. Without the Hub the last good one is all there is, and enough. It is held to the trust root again in
/// each round, so a key taken out of the root ends what it signed.
/// </summary>
internal sealed partial class StateFollower(
    HubApi hub, StateArchive archive, TrustRootReader trust, AgentIdentity identity, ReceiptBook receipts, LinkBoard board, TimeProvider clock, ILogger<StateFollower> log)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FullFetchEvery = TimeSpan.FromHours(1);

    /// <summary>Between two questions, whatever the Hub says.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>How long the Hub may hold the question while documents of the state are lacking.</summary>
    private static readonly TimeSpan WaitWhileIncomplete = TimeSpan.FromSeconds(5);

    private readonly DocumentFetcher _documents = new(hub.FindBlobAsync, log);
    private ArchivedState _archived = ArchivedState.Empty;
    private AcceptedState? _accepted;

    /// <summary>What the next state must be newer than. Kept also while nobody trusts who signed it: an older one by a trusted key is no better.</summary>
    private LastAccepted? _last;

    /// <summary>Documents of the accepted state that are not asked for again.</summary>
    private IReadOnlySet<Digest> _leftOut = new HashSet<Digest>();
    private long _fullFetchAt;

    /// <summary>Returns when the Hub does not take this agent for a member any more: then its enrolment is to be asked for.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        _archived = await archive.LoadAsync(ct);
        receipts.Resume(_archived.LastReceipt, _archived.Receipts);
        _fullFetchAt = clock.GetTimestamp();
        var wait = FirstWait;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await HoldToTrustAsync(ct);
                var next = await FollowAsync(ct);
                wait = FirstWait;
                await Task.Delay(next > ShortestPause ? next : ShortestPause, clock, ct);
            }
            catch (HubException e) when (e.DoubtsMembership)
            {
                NotAMember(log, e.Message);
                return;
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

    /// <summary>
    /// Takes up the last good state, or keeps it, as long as the trust root of this moment trusts who signed it: whoever could write to the cluster's Secrets must not get
    /// further than that. A root that cannot be read ends nothing, as no install is accepted under it; nor may it make the agent forget the last serial.
    /// </summary>
    private async Task HoldToTrustAsync(CancellationToken ct)
    {
        if (_archived.Envelope.IsEmpty)
            return;
        if (!(await trust.ReadAsync(ct)).TryGet(out var root, out var refusal))
        {
            if (_accepted is null)
                NotTrusted(log, refusal.Code, refusal.Reason);
            board.Refuse(refusal);
            return;
        }
        if (!StateVerifier.VerifyLastGood(_archived.Envelope.Span, TrustedKeys(root, _archived.Successions), identity, clock.GetUtcNow()).TryGet(out var accepted, out refusal))
        {
            NotTrusted(log, refusal.Code, refusal.Reason);
            _accepted = null;
            board.Withdraw(refusal);
            return;
        }
        if (_accepted is not null)
            return;
        TakeUp(accepted);
        Restored(log, accepted.State.Serial);
        HandOn(new(_archived.Blobs));
    }

    /// <summary>One question to the Hub and what follows from the answer; returns after how long to ask again.</summary>
    private async Task<TimeSpan> FollowAsync(CancellationToken ct)
    {
        await SendReceiptsAsync(ct);
        var full = clock.GetElapsedTime(_fullFetchAt) > FullFetchEvery;
        var answer = await hub.GetStateAsync(full ? null : _accepted?.State.Serial, full ? TimeSpan.Zero : IsComplete ? AgentApi.LongestWait : WaitWhileIncomplete, ct);
        if (full)
            _fullFetchAt = clock.GetTimestamp();
        if (answer.Envelope is not { } envelope)
        {
            await ConfirmAsync(ct);
            return answer.Next;
        }
        if (!(await VerifyAsync(envelope, ct)).TryGet(out var accepted, out var refusal))
        {
            Refused(log, refusal.Code, refusal.Reason);
            board.Refuse(refusal);
            if (receipts.Write(identity.Cluster, null, Digest.Of(envelope), refusal.Code, clock.GetUtcNow()))
                await SaveAsync(_archived, ct);
            // The same answer would come at once again.
            return answer.Next > LongestWait ? answer.Next : LongestWait;
        }
        if (accepted.Digest == _accepted?.Digest)
            await ConfirmAsync(ct);
        else
            await AcceptAsync(envelope, accepted, ct);
        return answer.Next;
    }

    private async Task<Checked<AcceptedState>> VerifyAsync(byte[] envelope, CancellationToken ct)
    {
        if (!(await trust.ReadAsync(ct)).TryGet(out var root, out var refusal))
            return refusal;
        var verdict = StateVerifier.Verify(envelope, TrustedKeys(root, _archived.Successions), identity, _last, clock.GetUtcNow());
        if (verdict.Refusal?.Code != RefusalCode.StateSignature || await FindSuccessionsAsync(ct) is not { } successions)
            return verdict;
        verdict = StateVerifier.Verify(envelope, TrustedKeys(root, successions), identity, _last, clock.GetUtcNow());
        // Others than help are not kept: they could be fewer than what the last good state rests on.
        if (verdict.Accepted)
            _archived = _archived with { Successions = successions };
        return verdict;
    }

    /// <summary>A state by an unknown key may be by a new one: then the Hub can show who vouched for it.</summary>
    private async Task<byte[]?> FindSuccessionsAsync(CancellationToken ct)
    {
        try
        {
            return await hub.GetStateKeysAsync(ct);
        }
        catch (HubException e) when (!e.DoubtsMembership)
        {
            return null;
        }
    }

    private IReadOnlyCollection<EcPublicKey> TrustedKeys(TrustRoot root, ReadOnlyMemory<byte>? successions) => StateKeyChain.Trusted(
        root, successions is { } bytes && StateKeySet.Parse(bytes.Span).TryGet(out var set, out _) ? set.Successions : [], clock.GetUtcNow());

    private async Task AcceptAsync(byte[] envelope, AcceptedState accepted, CancellationToken ct)
    {
        var fetchedAt = clock.GetUtcNow();
        var documents = await _documents.FetchAsync(accepted.State, _archived.Blobs, ct);
        var entries = accepted.State.Installs.Select(install => LinkNames.EntryOf(accepted.State, install));
        var next = _archived with
        {
            Envelope = envelope,
            Blobs = documents.Intact(),
            FetchedAt = entries.ToDictionary(entry => entry, entry => _archived.FetchedAt.TryGetValue(entry, out var before) ? before : fetchedAt),
        };
        receipts.Write(identity.Cluster, accepted.State.Serial, accepted.Digest, Receipt.Accepted, fetchedAt);
        await SaveAsync(next, ct);
        TakeUp(accepted);
        Accepted(log, accepted.State.Serial, accepted.State.Installs.Count);
        HandOn(documents);
        await SendReceiptsAsync(ct);
    }

    private bool IsComplete => _accepted is not { } accepted || StateDocuments.NeededBy(accepted.State).All(digest => _archived.Blobs.ContainsKey(digest) || _leftOut.Contains(digest));

    /// <summary>The state in force is the newest. Asks again for documents of it that could not be had, or came altered.</summary>
    private async Task ConfirmAsync(CancellationToken ct)
    {
        if (_accepted is not { } accepted)
            return;
        board.Confirm();
        if (IsComplete)
            return;
        var documents = await _documents.FetchAsync(accepted.State, _archived.Blobs, ct);
        if (documents.Found.Count == _archived.Blobs.Count && documents.LeftOut.Count == 0)
            return;
        if (documents.Intact() is var intact && intact.Count > _archived.Blobs.Count)
            await SaveAsync(_archived with { Blobs = intact }, ct);
        HandOn(documents);
    }

    /// <summary>States do not wait for receipts: a Hub that takes none of them must not cut the cluster off.</summary>
    private async Task SendReceiptsAsync(CancellationToken ct)
    {
        try
        {
            await receipts.SendAsync(hub, ct);
        }
        catch (HubException e) when (!e.DoubtsMembership)
        {
            ReceiptsWait(log, receipts.Waiting.Count, e.Message);
        }
    }

    private void HandOn(StateDocuments documents)
    {
        _leftOut = documents.LeftOut;
        board.PutInForce(new(_accepted!, documents, _archived.FetchedAt));
    }

    private void TakeUp(AcceptedState accepted) => (_accepted, _last) = (accepted, new(accepted.State.Serial, accepted.Digest));

    /// <summary>Only what was saved counts: what a restart would not find is not to be relied on.</summary>
    private async Task SaveAsync(ArchivedState next, CancellationToken ct)
    {
        next = next with { LastReceipt = receipts.Last, Receipts = receipts.Waiting };
        await archive.SaveAsync(next, ct);
        _archived = next;
    }

    [LoggerMessage(6110, LogLevel.Information, "State {Serial} is in force: {Installs} installs")]
    private static partial void Accepted(ILogger log, long serial, int installs);

    [LoggerMessage(6111, LogLevel.Warning, "A state was refused, the last good one goes on. {Code}: {Reason}")]
    private static partial void Refused(ILogger log, string code, string reason);

    [LoggerMessage(6112, LogLevel.Information, "The last good state {Serial} was taken up again")]
    private static partial void Restored(ILogger log, long serial);

    [LoggerMessage(6113, LogLevel.Error, "The last good state does not count at present; what runs goes on. {Code}: {Reason}")]
    private static partial void NotTrusted(ILogger log, string code, string reason);

    [LoggerMessage(6114, LogLevel.Warning, "The Hub cannot be followed at present, the last good state goes on: {Reason}")]
    private static partial void Interrupted(ILogger log, string reason);

    [LoggerMessage(6115, LogLevel.Warning, "The Hub does not take this agent for a member; what runs goes on: {Reason}")]
    private static partial void NotAMember(ILogger log, string reason);

    [LoggerMessage(6117, LogLevel.Warning, "The Hub does not take receipts; {Count} wait: {Reason}")]
    private static partial void ReceiptsWait(ILogger log, int count, string reason);
}
